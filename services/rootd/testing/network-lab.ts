import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { tapName } from '../network/names.ts';

/** Only within the namespaces of a test; see kit/testing/own-namespaces.ts. */
export type Guest = {
  readonly name: string;
  readonly address: string;
  readonly mac: string;
  /** Frames that reached the guest, in hexadecimal. */
  readonly received: readonly string[];
  /** Sends a frame as the guest's, whatever it says. */
  send(frame: string): void;
  /** Runs a program in the guest; throws when it fails. */
  run(...command: string[]): Promise<string>;
  /** Ends the VMM's part: the tap is not held any more. */
  leave(): Promise<void>;
};

/**
 * A namespace that stands for the internet: 203.0.113.80 lies behind the host's uplink "up0", and so does the
 * address under which clouds answer questions about a machine. It knows the way to the guests' network, so
 * that nothing is out of reach for want of a route.
 */
export async function addInternet(): Promise<void> {
  await tool('ip', 'netns', 'add', 'inet');
  await tool('ip', 'link', 'add', 'up0', 'type', 'veth', 'peer', 'name', 'ext0', 'netns', 'inet');
  await tool('ip', 'addr', 'add', '198.18.0.2/30', 'dev', 'up0');
  await tool('ip', 'link', 'set', 'up0', 'up');
  await tool('ip', 'route', 'add', 'default', 'via', '198.18.0.1');
  await inNamespace('inet', 'ip', 'link', 'set', 'lo', 'up');
  await inNamespace('inet', 'ip', 'addr', 'add', '198.18.0.1/30', 'dev', 'ext0');
  await inNamespace('inet', 'ip', 'addr', 'add', '203.0.113.80/32', 'dev', 'lo');
  await inNamespace('inet', 'ip', 'addr', 'add', '169.254.169.254/32', 'dev', 'lo');
  await inNamespace('inet', 'ip', 'link', 'set', 'ext0', 'up');
  await inNamespace('inet', 'ip', 'route', 'add', '172.30.0.0/24', 'via', '198.18.0.2');
  await inNamespace('inet', 'ip', 'route', 'add', '10.50.0.0/24', 'via', '198.18.0.2');
}

/** Two namespaces at a bridge that somebody else made, whose packets the host forwards. */
export async function addNeighbours(): Promise<void> {
  await tool('ip', 'link', 'add', 'theirs', 'type', 'bridge');
  await tool('ip', 'addr', 'add', '10.50.0.1/24', 'dev', 'theirs');
  await tool('ip', 'link', 'set', 'theirs', 'up');
  for (const [name, address] of [
    ['near', '10.50.0.2'],
    ['far', '10.50.0.3'],
  ] as const) {
    await tool('ip', 'netns', 'add', name);
    await tool('ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
    await tool('ip', 'link', 'set', name, 'master', 'theirs', 'up');
    await inNamespace(name, 'ip', 'addr', 'add', `${address}/24`, 'dev', 'eth0');
    await inNamespace(name, 'ip', 'link', 'set', 'eth0', 'up');
    await inNamespace(name, 'ip', 'route', 'add', 'default', 'via', '10.50.0.1');
  }
}

/** A web server in a namespace that answers with the address it was asked from. */
export async function serveWeb(namespace: string): Promise<ChildProcess> {
  const program =
    "require('http').createServer((q, s) => s.end(q.socket.remoteAddress)).listen(80, '0.0.0.0', () => console.log('ready'))";
  const child = spawn('ip', ['netns', 'exec', namespace, process.execPath, '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

/** The caller removes it, which it may do as soon as the guests run. */
export async function buildWire(): Promise<string> {
  const program = '/run/rootd-wire';
  const source = fileURLToPath(new URL('wire.c', import.meta.url));
  await tool('gcc', '-std=c17', '-D_GNU_SOURCE', '-Wall', '-Wextra', source, '-o', program);
  return program;
}

/** A namespace as guest at a tap that exists already, with the address and MAC it should have. */
export async function addGuest(
  wire: string,
  tapIndex: number,
  { address, mac }: { address: string; mac: string },
): Promise<Guest> {
  const name = `guest${tapIndex}`;
  await tool('ip', 'netns', 'add', name);
  const child = spawn(wire, [tapName(tapIndex), name, 'eth0'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const received: string[] = [];
  const lines = createInterface(child.stdout);
  await once(lines, 'line');
  lines.on('line', (line) => received.push(line));
  const run = (...command: string[]) => inNamespace(name, ...command);
  await run('sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1');
  await run('ip', 'link', 'set', 'dev', 'eth0', 'address', mac);
  await run('ip', 'addr', 'add', `${address}/24`, 'dev', 'eth0');
  await run('ip', 'link', 'set', 'eth0', 'up');
  await run('ip', 'route', 'add', 'default', 'via', '172.30.0.1');
  return {
    ...{ name, address, mac, received, run },
    send: (frame) => void child.stdin.write(`${frame}\n`),
    async leave() {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
  };
}

export function inNamespace(name: string, ...command: string[]): Promise<string> {
  return tool('ip', 'netns', 'exec', name, ...command);
}

/** Not in one go: the servers that a tool asks may be in this very process. */
export async function tool(file: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(file, args);
  return stdout;
}
