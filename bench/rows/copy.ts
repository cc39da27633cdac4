import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from '../environment.ts';
import {
  type Contest,
  isSkipped,
  type Measure,
  type Row,
  type Scope,
  type Skipped,
} from '../row.ts';
import { measureRuns } from '../run-program.ts';
import { sshOptions } from '../ssh.ts';
import { type SshGuest, startSshGuest } from '../ssh-guest.ts';

const MIB = 2 ** 20;
const SIZE_MIB = 64;
const COPY_LIMIT_MS = 300_000;
const GUEST_FILE = '/root/file';

export const copyIn = copyRow('copy-in', 'into');
export const copyOut = copyRow('copy-out', 'out of');

function copyRow(name: string, direction: 'into' | 'out of'): Row {
  return {
    name,
    subject: `a file of ${SIZE_MIB} MiB copied ${direction} a machine by \`banger vm cp\``,
    references: [{ name: '`scp` to the same machine' }],
    figure: { name: 'wall', unit: 'ms' },
    beside: { name: 'throughput', unit: 'MiB/s' },
    rounds: 5,
    warmUps: 1,
    note: 'Random bytes, with a Debian machine of one processor and its work disk. Both commands are measured from start to end; scp goes through a port that vmd publishes.',
    prepare: (scope) => prepare(scope, direction),
  };
}

async function prepare(scope: Scope, direction: 'into' | 'out of'): Promise<Contest | Skipped> {
  const guest = await scope.share(startSshGuest);
  if (isSkipped(guest)) return guest;
  const [source, target] = [join(scope.folder, 'source'), join(scope.folder, 'target')];
  writeFileSync(source, randomBytes(SIZE_MIB * MIB));
  const banger = bangerCopy(guest);
  const scp = scpCopy(guest);
  if (direction === 'into') {
    return {
      subject: measureCopy(() => banger(source, `${guest.name}:${GUEST_FILE}`)),
      references: [measureCopy(() => scp(source, `root@127.0.0.1:${GUEST_FILE}`))],
    };
  }
  await banger(source, `${guest.name}:${GUEST_FILE}`)();
  const checked = (copy: () => Measure) => async () => {
    rmSync(target, { force: true });
    const sample = await measureCopy(copy)();
    if (!readFileSync(target).equals(readFileSync(source))) throw new Error('the copy differs');
    return sample;
  };
  return {
    subject: checked(() => banger(`${guest.name}:${GUEST_FILE}`, target)),
    references: [checked(() => scp(`root@127.0.0.1:${GUEST_FILE}`, target))],
  };
}

function measureCopy(copy: () => Measure): Measure {
  const measure = copy();
  return async () => {
    const { value } = await measure();
    return { value, beside: (SIZE_MIB * 1000) / value };
  };
}

const bangerCopy =
  ({ house: { env } }: SshGuest) =>
  (from: string, to: string) =>
    measureRuns({
      file: process.execPath,
      args: ['--use-openssl-ca', bundle('banger.cjs'), 'vm', 'cp', from, to],
      env,
      prints: /^$/,
      timeoutMs: COPY_LIMIT_MS,
    });

const scpCopy =
  ({ key, port }: SshGuest) =>
  (from: string, to: string) =>
    measureRuns({
      file: 'scp',
      args: [...sshOptions(key), '-P', String(port), from, to],
      env: { PATH: process.env.PATH ?? '' },
      prints: /^$/,
      timeoutMs: COPY_LIMIT_MS,
    });
