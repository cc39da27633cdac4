import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Sample } from './sample.ts';

/** How far a soak has come: what it needs to go on after it was broken off. */
export type Progress = { seed: number; nextCycle: number; samples: readonly Sample[] };

const NAME = 'soak.json';

/** What is in the folder, or the beginning of a soak with this seed. */
export function loadProgress(folder: string, seed: number | undefined): Progress {
  const path = join(folder, NAME);
  if (!existsSync(path)) return { seed: seed ?? 1, nextCycle: 0, samples: [] };
  const progress: Progress = JSON.parse(readFileSync(path, 'utf8'));
  if (seed === undefined || seed === progress.seed) return progress;
  throw new Error(
    `the soak in "${folder}" has seed ${progress.seed}; go on with it, or take another folder`,
  );
}

/** Whole or not at all: whoever breaks a soak off does so at any moment. */
export function saveProgress(folder: string, progress: Progress): void {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, NAME);
  writeFileSync(`${path}.new`, JSON.stringify(progress));
  renameSync(`${path}.new`, path);
}
