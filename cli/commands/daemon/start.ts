import { BangerError } from '#kit/errors.ts';
import {
  type GetNetworkStatusResponse,
  NetworkServiceDefinition,
} from '#proto/banger/v1/network.ts';
import { NetworkMode } from '#proto/banger/v1/types.ts';
import type { Command } from '../../command.ts';
import type { Context } from '../../context.ts';
import { findServiceProcess, stopServiceProcess } from '../../local/service-process.ts';
import { servicesOf, status } from './status.ts';

export const start: Command = {
  description:
    'Starts the services of this user and waits until they answer. There is seldom a need: a command starts what it uses. With --bridge, root adds bridged networking: guests get addresses of their own and names under ".vm". It needs rootd, the one service that runs as root.',
  options: [
    { spelling: '--bridge', description: 'also start rootd and open the bridge (as root only)' },
  ],
  examples: [
    { line: 'banger daemon start', shows: 'start all, then show them' },
    { line: 'sudo banger daemon start --bridge', shows: 'with bridged networking' },
  ],
  next: 'banger daemon status shows them again, banger daemon stop ends them',
  async run(context, input) {
    const { clients, signal } = context;
    if (input.options.bridge === true) await openBridge(context);
    await Promise.all(
      servicesOf(context).map((service) => clients.info(service).getInfo({}, { signal })),
    );
    return status.run(context, input);
  },
};

/** A bridge that does not open leaves no rootd behind that was started for it. */
async function openBridge(context: Context): Promise<void> {
  const { paths, signal } = context;
  refuseWithoutRoot(context);
  const wasRunning = findServiceProcess(paths, 'rootd') !== undefined;
  try {
    await context.startService?.('rootd');
    const network = context.clients.of('netd', NetworkServiceDefinition);
    refuseShutBridge(await network.getNetworkStatus({}, { signal }));
  } catch (error) {
    if (!wasRunning) await stopServiceProcess(paths, 'rootd', AbortSignal.timeout(20_000));
    throw error;
  }
}

function refuseWithoutRoot({ uid, paths }: Context): void {
  if (paths.mode === 'installed') {
    throw new BangerError(
      'OPERATION_REFUSED',
      'systemd runs these services; bridged networking comes with: sudo systemctl start banger-rootd.socket',
    );
  }
  if (uid === 0) return;
  throw new BangerError(
    'OPERATION_REFUSED',
    'bridged networking needs a service that runs as root, for virtual machines of root; start it with: sudo banger daemon start --bridge',
  );
}

function refuseShutBridge({ modes }: GetNetworkStatusResponse): void {
  const bridge = modes.find(({ mode }) => mode === NetworkMode.BRIDGE);
  if (bridge?.available === true) return;
  throw new BangerError('HOST_NOT_READY', `the bridge cannot be opened: ${bridge?.reason}`);
}
