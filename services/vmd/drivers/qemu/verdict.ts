import { readFile } from 'node:fs/promises';
import { BangerError } from '#kit/errors.ts';
import { Fields } from '#kit/fields.ts';
import type { Accelerator } from '../../domain/vm.ts';

/** What a probe found, and the boot of the host in which it holds. */
export type Verdict = { accelerator: Accelerator; bootId: string };

/** Absent when nothing was found in this boot of the host, or in a form that cannot be read. */
export async function readVerdict(file: string, bootId: string): Promise<Accelerator | undefined> {
  try {
    const fields = new Fields(JSON.parse(await readFile(file, 'utf8')), 'verdict');
    const accelerator = fields.choice('accelerator', ['kvm', 'tcg']);
    return fields.text('bootId') === bootId ? accelerator : undefined;
  } catch (error) {
    const isAbsent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (isAbsent || error instanceof SyntaxError || error instanceof BangerError) return undefined;
    throw error;
  }
}
