import type { Group } from '../../command.ts';

/** The verbs of machines. */
export const VM: Group = {
  name: 'vm',
  summary: 'make virtual machines and work in them',
  description: 'Virtual machines: make them, run commands in them, stop and delete them.',
  commands: [
    {
      name: 'run',
      summary: 'boot a machine, run a command in it',
      load: async () => (await import('./run.ts')).run,
    },
    {
      name: 'create',
      summary: 'make a machine and boot it',
      load: async () => (await import('./create.ts')).create,
    },
    {
      name: 'list',
      aliases: ['ls'],
      summary: 'list machines',
      load: async () => (await import('./list.ts')).list,
    },
    {
      name: 'show',
      summary: 'tell all about one machine',
      load: async () => (await import('./show.ts')).show,
    },
    {
      name: 'start',
      summary: 'boot stopped machines',
      load: async () => (await import('./start.ts')).start,
    },
    {
      name: 'stop',
      summary: 'power machines off',
      load: async () => (await import('./stop.ts')).stop,
    },
    {
      name: 'restart',
      summary: 'stop and start machines',
      load: async () => (await import('./restart.ts')).restart,
    },
    {
      name: 'kill',
      summary: 'end machines at once',
      load: async () => (await import('./kill.ts')).kill,
    },
    {
      name: 'pause',
      summary: 'halt machines where they are',
      load: async () => (await import('./pause.ts')).pause,
    },
    {
      name: 'resume',
      summary: 'let paused machines go on',
      load: async () => (await import('./resume.ts')).resume,
    },
    {
      name: 'delete',
      aliases: ['rm'],
      summary: 'remove machines and their disks',
      load: async () => (await import('./delete.ts')).delete_,
    },
    {
      name: 'prune',
      summary: 'remove all machines that are not running',
      load: async () => (await import('./prune.ts')).prune,
    },
    {
      name: 'set',
      summary: 'change machines: size, name, network',
      load: async () => (await import('./set.ts')).set,
    },
    {
      name: 'exec',
      summary: 'run a command in a machine',
      load: async () => (await import('./exec.ts')).exec,
    },
    {
      name: 'cp',
      summary: 'copy files between this host and a machine',
      load: async () => (await import('./cp.ts')).cp,
    },
    {
      name: 'shell',
      summary: 'open a shell in a machine',
      load: async () => (await import('./shell.ts')).shell,
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
          load: async () => (await import('./workspace/prepare.ts')).prepare,
        },
        {
          name: 'export',
          summary: 'bring back what changed there',
          load: async () => (await import('./workspace/export.ts')).export_,
        },
        {
          name: 'status',
          summary: 'where it came from and what changed',
          load: async () => (await import('./workspace/status.ts')).status,
        },
      ],
    },
    {
      name: 'logs',
      summary: "read a machine's console",
      load: async () => (await import('./logs.ts')).logs,
    },
    {
      name: 'stats',
      summary: 'show what machines use',
      load: async () => (await import('./stats.ts')).stats,
    },
    {
      name: 'ports',
      summary: 'show what listens in machines',
      load: async () => (await import('./ports.ts')).ports,
    },
    {
      name: 'publish',
      summary: 'make ports of a machine reachable on this host',
      load: async () => (await import('./publish.ts')).publish,
    },
    {
      name: 'unpublish',
      summary: 'end publications of ports',
      load: async () => (await import('./publish.ts')).unpublish,
    },
    {
      name: 'wait',
      summary: 'wait until a machine is ready, or stopped',
      load: async () => (await import('./wait.ts')).wait,
    },
  ],
};
