import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ownNumber } from '#kit/testing/own-namespaces.ts';
import { RootServiceDefinition } from '#proto/banger/v1/root.ts';
import { tool } from './network-lab.ts';
import type { Answered } from './root-caller.ts';
import { IMAGED_UID, VMD_UID } from './vm-state.ts';

export const NETD_UID = 61_303;
export const STRANGER_UID = 61_304;
const ROOT_GROUP_GID = 61_310;
const SOCKET = '/run/banger-root/rootd.sock';

export type LogLine = Readonly<Record<string, unknown>>;

const CONFIG = '/run/banger.toml';

/** The accounts and the configuration of an installed banger, in the namespaces of a test only. */
export async function installBanger(qemu: string): Promise<void> {
  await makeAccounts();
  mkdirSync('/run/banger', { mode: 0o711 });
  writeFileSync(CONFIG, `[rootd]\nqemu = "${qemu}"\ncgroup = "banger-test-${ownNumber()}"\n`);
}

export type Rootd = Awaited<ReturnType<typeof startRootd>>;

/** A real rootd, as a unit would start it; answers when it listens. */
export async function startRootd(state: string) {
  const main = fileURLToPath(new URL('../main.ts', import.meta.url));
  const args = [main, '--state', state, '--config', CONFIG];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const log: LogLine[] = [];
  const lines = createInterface(child.stdout);
  lines.on('line', (line) => log.push(JSON.parse(line)));
  await once(lines, 'line');
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  };
  return { log, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') };
}

/** Over this namespace's /etc only; the accounts are those of deploy/. */
async function makeAccounts(): Promise<void> {
  const account = (name: string, uid: number) => `${name}:x:${uid}:${uid}::/nonexistent:/bin/false`;
  writeFileSync(
    '/run/passwd',
    [
      'root:x:0:0:root:/root:/bin/sh',
      account('banger-vmd', VMD_UID),
      account('banger-imaged', IMAGED_UID),
      account('banger-netd', NETD_UID),
      account('stranger', STRANGER_UID),
      '',
    ].join('\n'),
  );
  const group = `root:x:0:\nbanger-root:x:${ROOT_GROUP_GID}:banger-vmd,banger-netd\n`;
  writeFileSync('/run/group', group);
  await tool('mount', '--bind', '/run/passwd', '/etc/passwd');
  await tool('mount', '--bind', '/run/group', '/etc/group');
}

export type RootMethod = keyof typeof RootServiceDefinition.methods;
export type Caller = {
  /** A request as the contract has it. */
  call(method: RootMethod, request: object): Promise<Answered>;
  /** Anything at all. */
  send(path: string, body: Uint8Array): Promise<Answered>;
  stop(): void;
};

/** A process that calls rootd under a uid, and in the group of rootd's callers unless told otherwise. */
export function startCaller(uid: number, gid = ROOT_GROUP_GID): Caller {
  const program = fileURLToPath(new URL('root-caller.ts', import.meta.url));
  const child = spawn(process.execPath, [program, SOCKET], {
    ...{ uid, gid, cwd: '/' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const waiting = new Map<number, (answer: Answered) => void>();
  createInterface(child.stdout).on('line', (line) => {
    const answer: Answered = JSON.parse(line);
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  let last = 0;
  const send = (path: string, body: Uint8Array) => {
    const { promise, resolve } = Promise.withResolvers<Answered>();
    last += 1;
    waiting.set(last, resolve);
    const asked = { id: last, path, body: Buffer.from(body).toString('base64') };
    child.stdin.write(`${JSON.stringify(asked)}\n`);
    return promise;
  };
  return {
    send,
    call: (method, request) => send(pathOf(method), encode(method, request)),
    stop: () => void child.kill(),
  };
}

export function pathOf(method: RootMethod): string {
  return `/${RootServiceDefinition.fullName}/${RootServiceDefinition.methods[method].name}`;
}

/** Numbers beyond 32 bits and the like are cut as the wire format cuts them. */
export function encode(method: RootMethod, request: object): Uint8Array {
  const { requestType } = RootServiceDefinition.methods[method];
  const codec = requestType as unknown as {
    fromPartial(value: object): object;
    encode(value: object): { finish(): Uint8Array };
  };
  return codec.encode(codec.fromPartial(request)).finish();
}
