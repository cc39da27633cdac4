import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecVmRequest } from '#proto/banger/v1/vm.ts';
import { outputOf } from './guest-command.ts';
import { needsVms } from './needs.ts';
import { openVmHouse } from './vm-house.ts';

const MIB = 2 ** 20;
const TOTAL_BYTES = 100 * MIB;
const CHUNK_BYTES = 64 * 1024;
/** What was kept would be more than went through; what waits for the collector is less. */
const GROWTH_LIMIT_BYTES = 90 * MIB;

test('100 MB go through a command unchanged, to a reader that dawdles, and pile up nowhere', {
  skip: needsVms,
}, async (t) => {
  const { vms, create, running } = await openVmHouse(t);
  await create({ name: 'web' });
  const pid = running.get('vmd')?.pid ?? 0;
  const sent = createHash('sha256');
  const received = createHash('sha256');
  const program = { $case: 'start' as const, value: startOf(['cat']) };
  await outputOf(vms, 'web', 'cat', '/proc/uptime');
  const guestBefore = await guestFreeKib();
  const before = residentBytes(pid);
  let [most, written, read] = [before, 0, 0];

  async function* requests(): AsyncGenerator<{ part: ExecVmRequest['part'] }, void> {
    yield { part: program };
    for (let at = 0; at < TOTAL_BYTES; at += CHUNK_BYTES) {
      const chunk = Buffer.alloc(CHUNK_BYTES, createHash('sha256').update(String(at)).digest());
      sent.update(chunk);
      written += chunk.length;
      yield { part: { $case: 'stdin', value: chunk } };
    }
    yield { part: { $case: 'stdinEnd', value: true } };
  }

  let guestLeast = guestBefore;
  let exit: unknown;
  let dawdled = false;
  for await (const { part } of vms.execVm(requests())) {
    if (part?.$case === 'exit') exit = part.value.outcome;
    if (part?.$case !== 'stdout') continue;
    received.update(part.value);
    read += part.value.length;
    most = Math.max(most, residentBytes(pid));
    if (dawdled || read < TOTAL_BYTES / 2) continue;
    dawdled = true;
    // The reader stops for a while, and so must everybody before it.
    await sleep(2000);
    guestLeast = await guestFreeKib();
    const held = written - read;
    assert.ok(held < 16 * MIB, `${held} bytes were taken from the writer and not read`);
    most = Math.max(most, residentBytes(pid));
  }
  assert.deepEqual(exit, { $case: 'status', value: 0 });
  assert.equal(read, TOTAL_BYTES);
  assert.equal(received.digest('hex'), sent.digest('hex'));
  t.diagnostic(
    `vmd: ${before} bytes before, ${most} at most; guest: ${guestBefore} KiB, ${guestLeast} KiB`,
  );
  assert.ok(most - before < GROWTH_LIMIT_BYTES, `vmd grew by ${most - before} bytes`);
  assert.ok((guestBefore - guestLeast) * 1024 < 16 * MIB);

  async function guestFreeKib(): Promise<number> {
    const meminfo = await outputOf(vms, 'web', 'cat', '/proc/meminfo');
    return Number(/MemAvailable:\s+(\d+)/.exec(meminfo)?.[1]);
  }
});

function startOf(args: string[]) {
  const plain = { environment: [], workingDir: '', user: '', terminal: undefined, detach: false };
  return { vm: 'web', arguments: args, ...plain };
}

function residentBytes(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) * 1024;
}
