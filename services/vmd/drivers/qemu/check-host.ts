import { access, constants, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readAccounts } from '#kit/accounts.ts';
import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import { run } from '#kit/exec.ts';
import { type HostCheck, pass } from '#kit/host-check.ts';
import { readVerdict } from './verdict.ts';

type Options = {
  qemu: string;
  /** Where the probe keeps its verdicts. */
  folder: string;
  bootId(): string;
};

const TIMEOUT_MS = 10_000;
const KVM = '/dev/kvm';

/** What this driver needs of the host and can use of it. */
export async function checkQemu(options: Options, call: Call): Promise<HostCheck[]> {
  return [await checkBinary(options, call), await checkKvm(options)];
}

async function checkBinary({ qemu }: Options, { signal }: Call): Promise<HostCheck> {
  try {
    const said = await run(qemu, ['--version'], { signal, timeoutMs: TIMEOUT_MS });
    return pass('qemu', /version [^\s(]+/.exec(said)?.[0] ?? 'found');
  } catch (error) {
    if (!(error instanceof BangerError)) throw error;
    return {
      name: 'qemu',
      status: 'fail',
      detail: `no virtual machine can run: ${error.message}`,
      remedy: 'apt-get install qemu-system-x86',
      packages: ['qemu-system-x86'],
    };
  }
}

/** The verdict of a guest that was booted under KVM: the device alone proves nothing. */
async function checkKvm(options: Options): Promise<HostCheck> {
  const slow = 'guests run in software emulation, several times slower';
  const refusal = await access(KVM, constants.R_OK | constants.W_OK).catch((error) => error);
  if (refusal?.code === 'ENOENT') return warn(`there is no ${KVM}, so ${slow}`, '');
  const verdict = await findVerdict(options);
  if (verdict === 'kvm') return pass('kvm', 'a guest ran under it: full speed');
  if (verdict === 'tcg') return warn(`a guest did not come up under it, so ${slow}`, '');
  if (refusal === undefined) return pass('kvm', `${KVM} is here; the first machine tries it`);
  return warn(`${KVM} may not be opened, so ${slow}`, `usermod -aG kvm ${nameOfUser()}`);
}

/** Whoever asks may be another one than the account that vmd runs under, but has no name only in an odd container. */
function nameOfUser(): string {
  const uid = process.getuid?.();
  return readAccounts().find((account) => account.uid === uid)?.name ?? '"$USER"';
}

async function findVerdict({ folder, bootId }: Options) {
  const files = (await readdir(folder)).filter((name) => /^kvm-.*\.json$/.test(name));
  for (const name of files) {
    const verdict = await readVerdict(join(folder, name), bootId());
    if (verdict !== undefined) return verdict;
  }
  return undefined;
}

function warn(detail: string, remedy: string): HostCheck {
  return { name: 'kvm', status: 'warn', detail, remedy, packages: [] };
}
