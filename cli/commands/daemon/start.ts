import { USER_SERVICES } from '../../clients.ts';
import type { Command } from '../../command.ts';
import { status } from './status.ts';

export const start: Command = {
  description:
    'Starts the services of this user and waits until they answer. There is seldom a need: a command starts what it uses.',
  examples: [{ line: 'banger daemon start', shows: 'start all, then show them' }],
  next: 'banger daemon status shows them again, banger daemon stop ends them',
  async run(context, input) {
    const { clients, signal } = context;
    await Promise.all(
      USER_SERVICES.map((service) => clients.info(service).getInfo({}, { signal })),
    );
    return status.run(context, input);
  },
};
