import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { statusOf } from '../integration/bridged-vms.ts';
import type { Cell, Command, Finding, Mend } from './cell.ts';
import { type House, KEEPER } from './house.ts';
import { saidBy } from './said.ts';
import { openSession } from './session.ts';

const LOOK_MS = 20;

/** Brings one fault about, and tells what a person sees of it and how all is well again. */
export async function findOut(house: House, cell: Cell): Promise<Finding> {
  const before = await house.keeper();
  await using session = await openSession(house, KEEPER);
  const mend = await cell.strike(house, session);
  const asked = await ask(house, cell.next);
  const guest = isAlive(before.pid) ? 'runs on' : 'is stopped';
  const mendsItself = asked.isOver && (await asked.ended) === 0;
  if (!mendsItself) await recover(house, cell.next, asked, mend);
  const recovery = mendsItself ? 'by itself' : mend.words;
  const found = { session: await session.look(), next: asked.told, guest, recovery };
  if (mendsItself) await mend.apply();
  const after = await house.keeper();
  assert.equal((await house.inGuest(KEEPER, BOOT_ID)).trim(), after.bootId);
  return found;
}

const BOOT_ID = 'cat /proc/sys/kernel/random/boot_id';

type Asked = { told: string; ended: Promise<number>; isOver: boolean };

/** Answers when the command has ended, or has said that it waits. */
async function ask(house: House, { words, undo }: Command): Promise<Asked> {
  const child = house.start(...words);
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  child.stdout.resume();
  child.stdin.end();
  const { promise: ended, resolve } = Promise.withResolvers<number>();
  child.on('close', (code) => resolve(code ?? -1));
  const waits = async () => {
    while (child.exitCode === null && !/waiting for it|needs it waits/.test(said)) {
      await sleep(LOOK_MS);
    }
    return child.exitCode === null ? undefined : ended;
  };
  const code = await Promise.race([ended, waits()]);
  const undone = ended.then(async (status) => {
    if (status === 0 && undo !== undefined) await house.must(...undo);
    return status;
  });
  const quoted = `“${saidBy(house, said)}”`;
  if (code === undefined) return { told: `waits: ${quoted}`, ended: undone, isOver: false };
  await undone;
  const served = quoted === '“”' ? 'is served' : `is served: ${quoted}`;
  return { told: code === 0 ? served : `fails: ${quoted}`, ended: undone, isOver: true };
}

/** A command that waits is served once the fault is mended, or ends with it; one that failed is when it is repeated. */
async function recover(
  house: House,
  next: Command,
  { ended, isOver }: Asked,
  mend: Mend,
): Promise<void> {
  await mend.apply();
  if (!isOver && (await ended) === 0) return;
  const again = await ask(house, next);
  assert.equal(await again.ended, 0, `it is not well after ${mend.words}: ${again.told}`);
}

function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}/status`) && !statusOf(pid).get('State')?.startsWith('Z');
}
