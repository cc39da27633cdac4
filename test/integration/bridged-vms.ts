import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { programRoot } from '#kit/program.ts';
import { type Ending, openRootUser, type RootUser, uidOf } from './root-user.ts';

const execute = promisify(execFile);

export type VmFacts = Readonly<{
  id: string;
  name: string;
  state: string;
  stateDetail: string;
  address: string;
  pid: number;
  bootId: string;
  publishedPorts: readonly { hostPort: number }[];
}>;

/** Root with bridged networking, an image and a kernel, and a world outside that NAT leads to. */
export type BridgedVms = RootUser & {
  /** Makes a small busybox guest and boots it. */
  create(name: string, ...options: readonly string[]): Promise<VmFacts>;
  show(name: string): Promise<VmFacts>;
  /** What a shell command in the guest printed; fails with what it complained about. */
  inGuest(name: string, script: string): Promise<string>;
  /** Whether a shell command in the guest succeeds. */
  guestCan(name: string, script: string): Promise<boolean>;
  /** Fails when banger does. */
  must(...args: readonly string[]): Promise<string>;
  /** A web server among the host's own programs, on every address of the host. */
  listenOnHost(port: number): Promise<Server>;
  isVmmUid(uid: number): boolean;
  /** What of machines there is on this host: processes, devices, rules, folders, control groups, leases. */
  leftovers(): Promise<string[]>;
};

/** Answers by HTTP with the address that it was asked from. */
export const OUTSIDE = '203.0.113.80';
/** Of VMMs of this suite only, by which they are known: their jail hides where they came from. */
const UIDS = { base: 83_000, count: 64 } as const;
const GUEST = ['--image', 'busybox', '--memory', '128M', '--vcpu', '1'] as const;

export async function openBridgedVms(t: Ending): Promise<BridgedVms> {
  execFileSync(process.execPath, [join(programRoot(), 'deploy/build.ts')], { stdio: 'inherit' });
  const cgroup = `banger-test-${process.pid}`;
  // Few taps: each is a device that the kernel must make and remove.
  const uids = `uid_base = ${UIDS.base}\nuid_count = ${UIDS.count}`;
  const config = `[rootd]\n${uids}\ncgroup = "${cgroup}"\n[netd]\ntap_pool = 2\n`;
  // First, because what is registered first is done first.
  t.after(() => deleteAll(root));
  const root = await openRootUser(t, { config });
  t.after(() => removeGroup(cgroup));
  const world = await openWorld(root.enter);
  t.after(() => world.close());
  const must = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await root.banger(...args);
    assert.equal(code, 0, `banger ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  // Here only is a network on which packages are to be had; what is fetched stays for the services inside.
  await root.bangerOnline('kernel', 'pull');
  await root.bangerOnline('image', 'pull', 'busybox');
  await must('daemon', 'stop');
  await must('daemon', 'start', '--bridge');
  const shell = (name: string, script: string) =>
    root.banger('vm', 'exec', name, '--', 'sh', '-c', script);
  return {
    ...root,
    must,
    create: async (name, ...options) =>
      JSON.parse(await must('vm', 'create', '--name', name, ...GUEST, ...options, '--json')),
    show: async (name) => JSON.parse(await must('vm', 'show', name)),
    async inGuest(name, script) {
      const { code, stdout, stderr } = await shell(name, script);
      assert.equal(code, 0, `${script} in ${name}: ${stdout}${stderr}`);
      return stdout;
    },
    guestCan: async (name, script) => (await shell(name, script)).code === 0,
    listenOnHost: (port) => startWeb(root.enter, port, "'the host'"),
    isVmmUid,
    leftovers: () => findMachineLeftovers(root, cgroup),
  };
}

const WORLD = `
  ip link set lo up
  ip address add ${OUTSIDE}/32 dev lo
  exec "$@"`;

/** A network namespace without a name, joined to the one of root's services by a wire. */
async function openWorld(enter: readonly string[]): Promise<Server> {
  const script = ['unshare', '--net', 'sh', '-euc', WORLD, 'sh'];
  const server = await startWeb([...enter, ...script], 80, 'request.socket.remoteAddress');
  const inWorld = ['nsenter', `--target=${server.pid}`, '--net'];
  const runAt = async (place: readonly string[], ...words: readonly string[]) => {
    const [command = '', ...rest] = [...place, ...words];
    return (await execute(command, rest)).stdout;
  };
  const wire = ['name', 'up0', 'type', 'veth', 'peer', 'name', 'ext0', 'netns', `${server.pid}`];
  await runAt(enter, 'ip', 'link', 'add', ...wire);
  await runAt(enter, 'ip', 'address', 'add', '198.18.0.2/30', 'dev', 'up0');
  await runAt(enter, 'ip', 'link', 'set', 'up0', 'up');
  await runAt(enter, 'ip', 'route', 'add', 'default', 'via', '198.18.0.1');
  await runAt(inWorld, 'ip', 'address', 'add', '198.18.0.1/30', 'dev', 'ext0');
  await runAt(inWorld, 'ip', 'link', 'set', 'ext0', 'up');
  // It knows the way to the guests, so that nothing is out of reach for want of a route.
  await runAt(inWorld, 'ip', 'route', 'add', '172.30.0.0/16', 'via', '198.18.0.2');
  return server;
}

/** Answers every request with the value of an expression; ends with its standard input. */
const WEB_SERVER = `
  const [port, answer] = process.argv.slice(1);
  const answerTo = new Function('request', 'return ' + answer);
  process.stdin.resume().on('end', () => process.exit());
  const serve = (request, response) => response.end(answerTo(request));
  require('node:http').createServer(serve).listen(Number(port), '0.0.0.0', () => console.log('ready'));`;

export type Server = { pid: number; close(): Promise<void> };

/** Answers when it listens. The words before it lead to where it is to run, in one and the same process. */
async function startWeb(place: readonly string[], port: number, answer: string): Promise<Server> {
  const [file, ...args] = [...place, process.execPath, '-e', WEB_SERVER, `${port}`, answer];
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  await once(child.stdout, 'data');
  return {
    pid: child.pid ?? 0,
    async close() {
      child.stdin.end();
      await ended;
    },
  };
}

async function deleteAll(root: RootUser): Promise<void> {
  const { stdout } = await root.banger('vm', 'list', '-q');
  for (const id of stdout.split('\n').filter(Boolean)) await root.banger('vm', 'delete', id);
}

/** Processes with a uid that rootd gives to VMMs. */
function findVmms(): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    // One that ends meanwhile has no status any more; one that ended may wait for an init that takes its time.
    if (!existsSync(`/proc/${pid}/status`) || !isVmmUid(uidOf(pid))) return false;
    return statusOf(pid).get('State')?.startsWith('Z') === false;
  });
}

function isVmmUid(uid: number): boolean {
  return uid >= UIDS.base && uid < UIDS.base + UIDS.count;
}

async function findMachineLeftovers(root: RootUser, cgroup: string): Promise<string[]> {
  const state = join(root.folder, 'state/banger-local');
  const run = join(root.folder, 'run/banger-local-root');
  const taps = await root.run('ip', '-brief', 'link', 'show', 'type', 'tun', 'up');
  const rules = await root.run('nft', 'list', 'set', 'bridge', 'banger', 'guests');
  return [
    ...findVmms().map((pid) => `vmm ${pid}`),
    ...readdirSync(join(state, 'vmd/vms')).map((name) => `folder ${name}`),
    ...readdirSync(join(run, 'vmms')).map((name) => `record ${name}`),
    ...groupsBelow(cgroup).map((name) => `control group ${name}`),
    ...taps.split('\n').filter((line) => line.includes('LOWER_UP')),
    ...[...rules.matchAll(/comment "vm ([0-9a-f]+)"/g)].map(([, id]) => `rules of ${id}`),
  ];
}

const CGROUP_MOUNT = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'].find((mount) =>
  existsSync(join(mount, 'cgroup.controllers')),
);

function groupsBelow(cgroup: string): string[] {
  const folder = join(CGROUP_MOUNT ?? '/nonexistent', cgroup);
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => /^[0-9a-f]{16}$/.test(name));
}

function removeGroup(cgroup: string): void {
  const folder = join(CGROUP_MOUNT ?? '/nonexistent', cgroup);
  if (existsSync(folder)) rmdirSync(folder);
}

/** Fields of /proc/PID/status, by name. */
export function statusOf(pid: number): ReadonlyMap<string, string> {
  const lines = readFileSync(`/proc/${pid}/status`, 'utf8').trim().split('\n');
  return new Map(
    lines.map((line) => {
      const [name = '', value = ''] = line.split(':');
      return [name, value.trim()];
    }),
  );
}
