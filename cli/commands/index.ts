import type { CommandTable } from '../command.ts';
import { VM } from './vm/index.ts';

/** Every command there is. docs/cli.md is made from this table, and so are help and completion. */
export const COMMANDS: CommandTable = [
  VM,
  {
    name: 'image',
    summary: 'get and look after root file systems',
    description:
      'Images are the root file systems that machines start from. A machine never writes to its image.',
    commands: [
      {
        name: 'pull',
        summary: 'make an image from a registry, recipe or archive',
        load: async () => (await import('./image/pull.ts')).pull,
      },
      {
        name: 'list',
        aliases: ['ls'],
        summary: 'list images',
        load: async () => (await import('./image/list.ts')).list,
      },
      {
        name: 'show',
        summary: 'tell all about one image',
        load: async () => (await import('./image/show.ts')).show,
      },
      {
        name: 'verify',
        summary: 'check that an image is whole',
        load: async () => (await import('./image/verify.ts')).verify,
      },
      {
        name: 'build',
        summary: 'make an image from a recipe',
        load: async () => (await import('./image/build.ts')).build,
      },
      {
        name: 'export',
        summary: 'write an image as a bundle',
        load: async () => (await import('./image/export.ts')).export_,
      },
      {
        name: 'import',
        summary: 'take an image out of a bundle',
        load: async () => (await import('./image/import.ts')).import_,
      },
      {
        name: 'register',
        summary: 'name a disk that lies on this host',
        load: async () => (await import('./image/register.ts')).register,
      },
      {
        name: 'promote',
        summary: "copy a registered disk into banger's store",
        load: async () => (await import('./image/promote.ts')).promote,
      },
      {
        name: 'cache',
        summary: 'see or empty the cache of layers',
        load: async () => (await import('./image/cache.ts')).cache,
      },
      {
        name: 'delete',
        aliases: ['rm'],
        summary: 'remove an image',
        load: async () => (await import('./image/delete.ts')).delete_,
      },
    ],
  },
  {
    name: 'kernel',
    summary: 'get and look after kernels',
    description: 'Kernels that machines boot. The first machine pulls the default one by itself.',
    commands: [
      {
        name: 'pull',
        summary: 'make a kernel available',
        load: async () => (await import('./kernel/pull.ts')).pull,
      },
      {
        name: 'build',
        summary: "build banger's own kernel",
        load: async () => (await import('./kernel/build.ts')).build,
      },
      {
        name: 'list',
        aliases: ['ls'],
        summary: 'list kernels',
        load: async () => (await import('./kernel/list.ts')).list,
      },
      {
        name: 'show',
        summary: 'tell all about one kernel',
        load: async () => (await import('./kernel/show.ts')).show,
      },
      {
        name: 'export',
        summary: 'write a kernel as a bundle',
        load: async () => (await import('./kernel/export.ts')).export_,
      },
      {
        name: 'import',
        summary: 'take a kernel of your own',
        load: async () => (await import('./kernel/import.ts')).import_,
      },
      {
        name: 'delete',
        aliases: ['rm'],
        summary: 'remove a kernel',
        load: async () => (await import('./kernel/delete.ts')).delete_,
      },
    ],
  },
  {
    name: 'net',
    summary: 'see how machines are connected',
    description: "Addresses, taps, packet rules and names of machines, and the host's bridge.",
    commands: [
      {
        name: 'status',
        summary: 'show bridge, addresses, rules and names',
        load: async () => (await import('./net/status.ts')).status,
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
    name: 'config',
    summary: 'see what the configuration file says',
    description: 'The configuration file, which all services share.',
    commands: [
      {
        name: 'show',
        summary: 'print the file and its settings',
        load: async () => (await import('./config/show.ts')).show,
      },
    ],
  },
  {
    name: 'ps',
    summary: 'list machines; short for "vm list"',
    load: async () => (await import('./vm/list.ts')).list,
  },
  {
    name: 'doctor',
    summary: 'say what this host can do and how to mend what it cannot',
    load: async () => (await import('./doctor.ts')).doctor,
  },
  {
    name: 'setup',
    summary: 'install what this host lacks',
    load: async () => (await import('./setup.ts')).setup,
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
