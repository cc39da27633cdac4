import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Connection, openConnection } from '#kit/connection.ts';
import { LOCAL_ACCOUNT, type Paths, socketPath } from '#kit/paths.ts';
import { programRoot } from '#kit/program.ts';
import { formatServiceArguments } from '#kit/service-arguments.ts';
import { until } from '#kit/testing/until.ts';

const CGROUP = `banger-contract-${process.pid}`;
const CGROUP_MOUNTS = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'];

/** In a mount namespace where the account of local services is root, as which this test calls. */
const RUN = `
  mount --bind "$1/passwd" /etc/passwd
  mount --bind "$1/group" /etc/group
  shift
  exec "$@"`;

export type RootdProcess = {
  readonly state: string;
  connect(): Connection;
  stop(): Promise<void>;
};

/** A real rootd that launches machines without a device on any bridge: it leaves the host's network alone. */
export async function startRootd(): Promise<RootdProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'banger-'));
  const paths = makePaths(folder);
  writeFileSync(join(folder, 'passwd'), `root:x:0:0::/:\n${LOCAL_ACCOUNT}:x:0:0::/:\n`);
  writeFileSync(join(folder, 'group'), `root:x:0:\n${LOCAL_ACCOUNT}:x:0:\n`);
  writeFileSync(paths.config, `[rootd]\nuid_base = 83100\nuid_count = 64\ncgroup = "${CGROUP}"\n`);
  const main = join(programRoot(), 'services/rootd/main.ts');
  const command = [process.execPath, main, ...formatServiceArguments(paths, 0)];
  const namespace = ['--mount', '--propagation', 'private', 'sh', '-euc', RUN, 'sh', folder];
  const child = spawn('unshare', [...namespace, ...command], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const socket = socketPath(paths, 'rootd');
  await until(() => child.exitCode !== null || existsSync(socket));
  return {
    state: paths.state,
    connect: () => openConnection({ socket, service: 'rootd', patienceMs: 5000 }),
    async stop() {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
      for (const mount of CGROUP_MOUNTS) {
        if (existsSync(join(mount, CGROUP))) rmdirSync(join(mount, CGROUP));
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function makePaths(folder: string): Paths {
  const place = (name: string) => {
    mkdirSync(join(folder, name));
    return join(folder, name);
  };
  return {
    mode: 'local',
    ...{ runtime: place('run'), state: place('state'), cache: place('cache') },
    ...{ logs: place('logs'), config: join(folder, 'config.toml') },
  };
}
