import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { programRoot } from '#kit/program.ts';
import { processesThatKnow } from '../integration/leftovers.ts';
import { type LocalUser, openLocalUser } from '../integration/local-user.ts';
import type { Ending } from '../integration/root-user.ts';

/** A person with the services that are soaked. */
export type House = LocalUser & {
  /** Fails when banger does. */
  must(...args: readonly string[]): Promise<string>;
  /** Deletes every machine, and answers when nothing of any is left; fails when something stays. */
  settle(): Promise<void>;
};

/** No cycle is about how slow a machine that does other things is. */
const CONFIG = '[vmd]\nboot_timeout = "3m"\n';
const LONGEST_MS = 60_000;
const LOOK_MS = 200;

export async function openHouse(t: Ending): Promise<House> {
  execFileSync(process.execPath, [join(programRoot(), 'deploy/build.ts')], { stdio: 'inherit' });
  const user = openLocalUser(t, { config: CONFIG });
  const must = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await user.banger(...args);
    assert.equal(code, 0, `banger ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  const house: House = { ...user, must, settle: () => settle(house) };
  await must('image', 'pull', 'busybox');
  await must('kernel', 'pull');
  return house;
}

async function settle(house: House): Promise<void> {
  const names = (await house.must('vm', 'list', '-q')).split('\n').filter((name) => name !== '');
  if (names.length > 0) await house.must('vm', 'delete', ...names);
  const deadline = performance.now() + LONGEST_MS;
  for (;;) {
    const left = await findLeft(house);
    if (left.length === 0) return;
    assert.ok(performance.now() < deadline, `left behind: ${left.join(', ')}`);
    await sleep(LOOK_MS);
  }
}

/** Machines, what the services hold for them, their processes and their files. */
async function findLeft({ home, must }: House): Promise<string[]> {
  const json = async <Answer>(...args: readonly string[]): Promise<Answer> =>
    JSON.parse(await must(...args, '--json'));
  const [{ leases }, images, vms] = await Promise.all([
    json<{ leases: unknown[] }>('net', 'status'),
    json<{ name: string; vmIds: string[] }[]>('image', 'list'),
    must('vm', 'list', '-q'),
  ]);
  const state = join(home, '.local/state/banger');
  return [
    ...vms
      .split('\n')
      .filter((id) => id !== '')
      .map((id) => `machine ${id}`),
    ...leases.map((lease) => `lease ${JSON.stringify(lease)}`),
    ...images.flatMap(({ name, vmIds }) => vmIds.map((id) => `lease of ${name} for ${id}`)),
    ...readdirSync(join(state, 'vmd/vms')).map((id) => `folder of ${id}`),
    ...readdirSync(join(state, 'imaged/staging')).map((name) => `staging ${name}`),
    ...processesThatKnow(dirname(home))
      .filter(({ command }) => command.includes('qemu-system'))
      .map(({ pid }) => `machine with pid ${pid}`),
  ];
}
