import type { CommandTable } from '../command.ts';

/** Every command there is. docs/cli.md is made from this table, and so are help and completion. */
export const COMMANDS: CommandTable = [
  {
    name: 'vm',
    summary: 'make virtual machines and work in them',
    description: 'Virtual machines: make them, run commands in them, stop and delete them.',
    commands: [
      {
        name: 'list',
        aliases: ['ls'],
        summary: 'list virtual machines',
        load: async () => (await import('./vm/list.ts')).list,
      },
    ],
  },
  {
    name: 'operations',
    summary: 'see and cancel what the services are busy with',
    description: 'Long verbs (a create, a pull) that run now or ended lately, in all services.',
    commands: [
      {
        name: 'list',
        aliases: ['ls'],
        summary: 'list running and recent operations',
        load: async () => (await import('./operations/list.ts')).list,
      },
      {
        name: 'watch',
        summary: 'follow one operation to its end',
        load: async () => (await import('./operations/watch.ts')).watch,
      },
      {
        name: 'cancel',
        summary: 'stop one operation and undo what it did',
        load: async () => (await import('./operations/cancel.ts')).cancel,
      },
    ],
  },
  {
    name: 'daemon',
    summary: 'start, stop and look at the services behind the commands',
    description:
      'The services that do the work. They start by themselves when a command needs them, so these are for looking, for stopping, and for what needs root.',
    commands: [
      {
        name: 'status',
        summary: 'show what runs',
        load: async () => (await import('./daemon/status.ts')).status,
      },
      {
        name: 'start',
        summary: 'start the services now',
        load: async () => (await import('./daemon/start.ts')).start,
      },
      {
        name: 'stop',
        summary: 'stop the services; guests go on',
        load: async () => (await import('./daemon/stop.ts')).stop,
      },
      {
        name: 'logs',
        summary: "read the services' logs",
        load: async () => (await import('./daemon/logs.ts')).logs,
      },
    ],
  },
  {
    name: 'completion',
    summary: 'print the completion script for your shell',
    load: async () => (await import('./completion.ts')).completion,
  },
  {
    name: 'complete',
    summary: 'print what may come next on a command line',
    hidden: true,
    load: async () => (await import('./complete.ts')).complete,
  },
  {
    name: 'version',
    summary: 'print which banger this is',
    load: async () => (await import('./version.ts')).version,
  },
];
