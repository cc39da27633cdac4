import { createReadStream, existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Scope, Skipped } from './row.ts';
import { openVmHouse } from './vm-house.ts';

export const OWN_KERNEL = 'banger-6.1';

/** Names a bundle of banger's own kernel, as `banger kernel export` writes it. */
export const KERNEL_VARIABLE = 'BANGER_BENCH_KERNEL';

const CHUNK_BYTES = 64 * 1024;

/** Gives the services the kernel that the environment names; building one would take longer than all rows. */
export async function importOwnKernel(scope: Scope): Promise<string | Skipped> {
  const named = process.env[KERNEL_VARIABLE] ?? '';
  if (named === '') {
    return { skipped: `${KERNEL_VARIABLE} names no bundle (banger kernel build, then export)` };
  }
  const bundle = resolve(named);
  if (!existsSync(bundle)) throw new Error(`${KERNEL_VARIABLE}: there is no "${bundle}"`);
  const { kernels } = await scope.share(openVmHouse);
  for await (const { part } of kernels.importKernel(requests(bundle))) {
    if (part?.$case === 'kernel') return part.value.name;
  }
  throw new Error(`imaged made no kernel of "${bundle}"`);
}

async function* requests(bundle: string) {
  yield { part: { $case: 'start' as const, value: { name: OWN_KERNEL } } };
  const bytes = createReadStream(bundle, { highWaterMark: CHUNK_BYTES });
  for await (const value of bytes as AsyncIterable<Buffer>) {
    yield { part: { $case: 'chunk' as const, value } };
  }
}
