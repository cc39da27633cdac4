import assert from 'node:assert/strict';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '#kit/testing/until.ts';
import { signalProcess } from '../integration/signal-process.ts';
import type { House } from './house.ts';
import type { KILLED, Plan } from './plan.ts';

const SMALL = ['--image', 'busybox', '--memory', '128M', '--vcpu', '1', '--network', 'user'];
const INTERRUPTED = 130;

/** Lets all that is planned happen at once. Only where a service is killed may a verb fail, and it says why. */
export async function runCycle(
  house: House,
  { machines, kill }: Plan,
  cycle: number,
): Promise<void> {
  const turns = machines.map((machine, at) => takeTurn(house, `soak-${cycle}-${at}`, machine));
  const killed = kill === undefined ? [] : [killService(house, kill)];
  const ended = await Promise.allSettled([...turns, ...killed]);
  const failures = ended.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []));
  const unexpected = failures.filter((error) => kill === undefined || !isTold(error));
  if (unexpected.length > 0) throw new AggregateError(unexpected, `cycle ${cycle} failed`);
  // It compares what imaged and netd hold with its records when it starts, and otherwise only every few minutes.
  if (kill !== undefined) await endService(house, 'vmd', 'SIGTERM');
  await house.settle();
}

type Machine = Plan['machines'][number];

async function takeTurn(house: House, name: string, { turn, cancelMs }: Machine): Promise<void> {
  const { must } = house;
  const create = ['vm', 'create', '--name', name, ...SMALL];
  if (turn === 'cancel its creation') return cancel(house, create, cancelMs);
  await must(...create);
  const echo = async () => {
    assert.equal(await must('vm', 'exec', name, '--', 'echo', name), `${name}\n`);
  };
  await echo();
  if (turn === 'stop and start') {
    await must('vm', 'stop', name);
    await must('vm', 'start', name);
    await echo();
  }
  if (turn === 'kill its VMM') {
    signalProcess(Number(await must('vm', 'show', name, '--format', 'pid')), 'SIGKILL');
    await must('vm', 'wait', name, '--for', 'stopped');
  }
  await must('vm', 'delete', name);
}

/** One that was quick is there; one that was cancelled has left nothing. */
async function cancel(house: House, create: readonly string[], afterMs: number): Promise<void> {
  const child = house.start(create);
  const timer = setTimeout(() => child.kill('SIGINT'), afterMs);
  child.stdout.resume();
  const [stderr, [code, signal]] = await Promise.all([text(child.stderr), once(child, 'close')]);
  clearTimeout(timer);
  // In its first moments nobody has heard of a signal's meaning yet.
  const isCancelled = code === INTERRUPTED || signal === 'SIGINT';
  assert.ok(code === 0 || isCancelled, `banger ${create.join(' ')}: ${stderr}`);
}

async function killService(house: House, { service, afterMs }: NonNullable<Plan['kill']>) {
  await sleep(afterMs);
  await endService(house, service, 'SIGKILL');
}

async function endService(
  { pidsOf }: House,
  service: (typeof KILLED)[number],
  signal: 'SIGTERM' | 'SIGKILL',
): Promise<void> {
  const pids = pidsOf(service);
  for (const pid of pids) signalProcess(pid, signal);
  await until(() => !pidsOf(service).some((pid) => pids.includes(pid)));
}

/** An answer of banger's that is no defect of it. */
function isTold(error: unknown): boolean {
  return error instanceof Error && !/internal error|this is a defect/.test(error.message);
}
