import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Limits } from '../limits.ts';
import { mergeBuffers } from './merge-buffers.ts';
import { buildTar, type TarSpec } from './tar-builder.ts';

export type HostileCase = {
  title: string;
  refused: TarSpec[][];
  message: RegExp;
  /** The same image without its malice, which must merge. */
  witness: TarSpec[][];
  limits?: Partial<Limits>;
};

export function testRefusals(cases: readonly HostileCase[]): void {
  for (const { title, refused, message, witness, limits } of cases) {
    const merge = (layers: TarSpec[][]) =>
      mergeBuffers(
        layers.map((specs) => buildTar(...specs)),
        limits === undefined ? {} : { limits },
      );
    void test(`${title} is refused`, async () => {
      await assert.rejects(merge(refused), { reason: 'IMAGE_CORRUPT', message });
      await merge(witness);
    });
  }
}

export const file = (path: string, rest: TarSpec = {}): TarSpec => ({
  path,
  content: 'x',
  ...rest,
});
export const folder = (path: string): TarSpec => ({ path, type: '5' });
export const symlink = (path: string, linkTarget: string): TarSpec => ({
  path,
  type: '2',
  linkTarget,
});
export const hardLink = (path: string, linkTarget: string): TarSpec => ({
  path,
  type: '1',
  linkTarget,
});

export function repeat(count: number, make: (index: number) => TarSpec): TarSpec[] {
  return Array.from({ length: count }, (_, index) => make(index));
}
