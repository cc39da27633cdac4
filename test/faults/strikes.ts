import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ServiceName } from '#kit/paths.ts';
import { programRoot } from '#kit/program.ts';
import { until } from '#kit/testing/until.ts';
import { signalProcess } from '../integration/signal-process.ts';
import type { Mend } from './cell.ts';
import { type House, KEEPER } from './house.ts';
import type { Session } from './session.ts';

const NOTHING: Mend = { words: 'by itself', apply: async () => undefined };

/** Ends a service, and answers when it takes no more calls. */
export async function endService(
  house: House,
  service: ServiceName,
  signal: 'SIGTERM' | 'SIGKILL',
): Promise<Mend> {
  signalProcess(pidOf(house, service), signal);
  // One that lets the session's call finish goes on without a socket for seconds.
  const refuses = () =>
    signal === 'SIGTERM' && service === 'vmd' && !existsSync(house.socketOf(service));
  await until(() => refuses() || house.pidsOf(service).length === 0);
  return service === 'rootd' ? startBridge(house) : NOTHING;
}

function startBridge(house: House): Mend {
  return {
    words: '`banger daemon start --bridge`',
    apply: () => house.must('daemon', 'start', '--bridge'),
  };
}

export async function suspend(pid: number): Promise<Mend> {
  signalProcess(pid, 'SIGSTOP');
  return { words: '`kill -CONT`', apply: async () => signalProcess(pid, 'SIGCONT') };
}

export function pidOf(house: House, service: ServiceName): number {
  const [pid = 0] = house.pidsOf(service);
  return pid;
}

export async function removeSocket(house: House, service: ServiceName): Promise<Mend> {
  rmSync(house.socketOf(service));
  return NOTHING;
}

/** To the last byte. */
export async function fillDisk(house: House, service: ServiceName): Promise<Mend> {
  const filler = join(house.stateOf(service), 'filler');
  await house.run('sh', '-euc', '! cat /dev/zero > "$1" 2> /dev/null', 'sh', filler);
  return { words: 'when there is room', apply: () => house.run('rm', filler) };
}

export async function lockDatabase(house: House, service: ServiceName): Promise<Mend> {
  const [file = '', ...enter] = house.enter;
  const program = join(programRoot(), 'test/faults/hold-database.ts');
  const words = [...enter, process.execPath, program, databaseOf(house, service)];
  const child = spawn(file, words, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const first = await Promise.race([once(child.stdout, 'data'), ended.then(() => undefined)]);
  assert.ok(first !== undefined, 'the database cannot be held');
  return {
    words: 'when the other program has ended',
    async apply() {
      child.stdin.end();
      await ended;
    },
  };
}

const KEEP = 'for end in "" -wal -shm; do [ ! -e "$1$end" ] || cp -a "$1$end" "$1.kept$end"; done';
const DAMAGE = 'dd if=/dev/urandom of="$1" bs=4096 count=2 conv=notrunc status=none';
const PUT_BACK = `
  rm -f "$1" "$1-wal" "$1-shm"
  for end in "" -wal -shm; do [ ! -e "$1.kept$end" ] || mv "$1.kept$end" "$1$end"; done`;

export async function damageDatabase(house: House, service: ServiceName): Promise<Mend> {
  const database = databaseOf(house, service);
  await endService(house, service, 'SIGKILL');
  await house.run('sh', '-euc', `${KEEP}; ${DAMAGE}`, 'sh', database);
  return {
    words: 'a copy of the database, put back',
    apply: () => house.run('sh', '-euc', PUT_BACK, 'sh', database),
  };
}

function databaseOf(house: House, service: ServiceName): string {
  return join(house.stateOf(service), `${service}.db`);
}

const byVerb = (house: House, verb: 'start' | 'restart' | 'resume'): Mend => ({
  words: `\`banger vm ${verb}\``,
  apply: () => house.must('vm', verb, KEEPER),
});

export async function endMachine(house: House, signal: 'SIGTERM' | 'SIGKILL'): Promise<Mend> {
  const { pid } = await house.show(KEEPER);
  signalProcess(pid, signal);
  await house.must('vm', 'wait', KEEPER, '--for', 'stopped');
  return byVerb(house, 'start');
}

/** Nobody finds the way to the machine any more, which shows when a new vmd looks for it. */
export async function hideMachine(house: House): Promise<Mend> {
  const { id } = await house.show(KEEPER);
  const folder = join(house.stateOf('vmd'), 'vms', id);
  await house.run('sh', '-euc', 'find "$1" -name "*.sock" -delete', 'sh', folder);
  await endService(house, 'vmd', 'SIGKILL');
  return byVerb(house, 'restart');
}

/** Whatever struck the agent has kept the command that did it from ending, so the guest's console tells. */
export async function signalAgent(house: House, signal: 'TERM' | 'KILL' | 'STOP'): Promise<Mend> {
  const agent = "ps | awk '/[@]banger-agent/ { print $1; exit }'";
  const script = `agent=$(${agent}); echo struck by ${signal} > /dev/console; kill -${signal} $agent`;
  const child = house.start('vm', 'exec', KEEPER, '--', 'sh', '-euc', script);
  await until(async () => (await house.must('vm', 'logs', KEEPER)).includes(`struck by ${signal}`));
  child.kill('SIGKILL');
  return signal === 'TERM' ? NOTHING : byVerb(house, 'restart');
}

/** QEMU halts a guest whose writes find no room on the host. */
export async function fillBelowMachine(house: House, session: Session): Promise<Mend> {
  const room = await fillDisk(house, 'vmd');
  session.send('dd if=/dev/zero of=/root/big bs=1M count=8 conv=fsync 2> /dev/null; rm /root/big');
  const { words, apply } = byVerb(house, 'resume');
  return {
    words: `${room.words}, ${words}`,
    async apply() {
      await room.apply();
      await apply();
    },
  };
}

export async function fillGuest(house: House): Promise<Mend> {
  await house.inGuest(
    KEEPER,
    '! dd if=/dev/zero of=/root/big bs=1M 2> /dev/null; [ -s /root/big ]',
  );
  return {
    words: 'when there is room in the guest',
    apply: () => house.inGuest(KEEPER, 'rm /root/file; : > /root/big'),
  };
}
