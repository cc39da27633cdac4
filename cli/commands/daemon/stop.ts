import { BangerError } from '#kit/errors.ts';
import { SERVICES } from '#kit/paths.ts';
import type { Command } from '../../command.ts';
import { stopServiceProcess } from '../../local/service-process.ts';

export const stop: Command = {
  description:
    'Lets running calls finish and ends the services of this user. Virtual machines go on without them and are found again by the next start.',
  examples: [{ line: 'banger daemon stop', shows: 'names what was stopped' }],
  next: 'any command starts them again',
  async run({ paths, out, signal }) {
    if (paths.mode === 'installed') {
      throw new BangerError(
        'OPERATION_REFUSED',
        'systemd runs these services; stop them with: sudo systemctl stop banger.target',
      );
    }
    // vmd first: it calls the others, and they call rootd.
    const stopped: string[] = [];
    for (const service of SERVICES) {
      if (await stopServiceProcess(paths, service, signal)) stopped.push(service);
    }
    out.result({ stopped }, () =>
      stopped.length === 0 ? 'nothing was running' : `stopped ${stopped.join(', ')}`,
    );
    return 0;
  },
};
