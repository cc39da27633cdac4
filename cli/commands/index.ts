import type { CommandTable } from '../command.ts';

/** Every command there is. docs/cli.md is made from this table, and so are help and completion. */
export const COMMANDS: CommandTable = [
  {
    name: 'vm',
    summary: 'make virtual machines and work in them',
    description: 'Virtual machines: make them, run commands in them, stop and delete them.',
    commands: [
      {
        name: 'run',
        summary: 'boot a machine, run a command in it',
        load: async () => (await import('./vm/run.ts')).run,
      },
      {
        name: 'create',
        summary: 'make a machine and boot it',
        load: async () => (await import('./vm/create.ts')).create,
      },
      {
        name: 'list',
        aliases: ['ls'],
        summary: 'list machines',
        load: async () => (await import('./vm/list.ts')).list,
      },
      {
        name: 'show',
        summary: 'tell all about one machine',
        load: async () => (await import('./vm/show.ts')).show,
      },
      {
        name: 'start',
        summary: 'boot stopped machines',
        load: async () => (await import('./vm/start.ts')).start,
      },
      {
        name: 'stop',
        summary: 'power machines off',
        load: async () => (await import('./vm/stop.ts')).stop,
      },
      {
        name: 'restart',
        summary: 'stop and start machines',
        load: async () => (await import('./vm/restart.ts')).restart,
      },
      {
        name: 'kill',
        summary: 'end machines at once',
        load: async () => (await import('./vm/kill.ts')).kill,
      },
      {
        name: 'pause',
        summary: 'halt machines where they are',
        load: async () => (await import('./vm/pause.ts')).pause,
      },
      {
        name: 'resume',
        summary: 'let paused machines go on',
        load: async () => (await import('./vm/resume.ts')).resume,
      },
      {
        name: 'delete',
        aliases: ['rm'],
        summary: 'remove machines and their disks',
        load: async () => (await import('./vm/delete.ts')).delete_,
      },
      {
        name: 'prune',
        summary: 'remove all machines that are not running',
        load: async () => (await import('./vm/prune.ts')).prune,
      },
      {
        name: 'set',
        summary: 'change machines: size, name, network',
        load: async () => (await import('./vm/set.ts')).set,
      },
      {
        name: 'exec',
        summary: 'run a command in a machine',
        load: async () => (await import('./vm/exec.ts')).exec,
      },
      {
        name: 'cp',
        summary: 'copy files between this host and a machine',
        load: async () => (await import('./vm/cp.ts')).cp,
      },
      {
        name: 'shell',
        summary: 'open a shell in a machine',
        load: async () => (await import('./vm/shell.ts')).shell,
      },
      {
        name: 'workspace',
        summary: 'put a repository into a machine, bring changes back',
        description:
          'Git repositories in machines: what was changed here goes in, what was changed there comes out as a patch or a branch.',
        commands: [
          {
            name: 'prepare',
            summary: 'put a repository into a machine',
            load: async () => (await import('./vm/workspace/prepare.ts')).prepare,
          },
          {
            name: 'export',
            summary: 'bring back what changed there',
            load: async () => (await import('./vm/workspace/export.ts')).export_,
          },
          {
            name: 'status',
            summary: 'where it came from and what changed',
            load: async () => (await import('./vm/workspace/status.ts')).status,
          },
        ],
      },
      {
        name: 'logs',
        summary: "read a machine's console",
        load: async () => (await import('./vm/logs.ts')).logs,
      },
      {
        name: 'stats',
        summary: 'show what machines use',
        load: async () => (await import('./vm/stats.ts')).stats,
      },
      {
        name: 'ports',
        summary: 'show what listens in machines',
        load: async () => (await import('./vm/ports.ts')).ports,
      },
      {
        name: 'publish',
        summary: 'make ports of a machine reachable on this host',
        load: async () => (await import('./vm/publish.ts')).publish,
      },
      {
        name: 'unpublish',
        summary: 'end publications of ports',
        load: async () => (await import('./vm/publish.ts')).unpublish,
      },
      {
        name: 'wait',
        summary: 'wait until a machine is ready, or stopped',
        load: async () => (await import('./vm/wait.ts')).wait,
      },
    ],
  },
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
