import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ServiceName } from '#kit/paths.ts';
import { programRoot } from '#kit/program.ts';
import { publishProgramCopy } from '#kit/program-copy.ts';

/** How to start a service: the Node that runs it and the file it begins with. */
export type Program = { node: string; main(service: ServiceName): string };

/** The program where it lies: bundles where they were built, else the sources. */
export function programInPlace(node: string): Program {
  const root = programRoot();
  return {
    node,
    main: (service) => {
      const bundle = join(root, 'dist', `${service}.mjs`);
      return existsSync(bundle) ? bundle : join(root, 'services', service, 'main.ts');
    },
  };
}

/**
 * A copy of the program in a folder of root's that everybody may read. Root's own checkout usually lies where
 * the account of the services cannot look (/root is closed to all others).
 */
export function copyProgram(node: string, folder: string): Program {
  const root = programRoot();
  const copy = join(folder, hashOf(join(root, 'dist')));
  if (!existsSync(copy)) publishProgramCopy(node, copy);
  for (const name of readdirSync(folder)) {
    // Running services have their files open or loaded; only what no new start will use goes.
    if (join(folder, name) !== copy) rmSync(join(folder, name), { recursive: true, force: true });
  }
  return {
    node: join(copy, 'bin/node'),
    main: (service) => join(copy, 'dist', `${service}.mjs`),
  };
}

function hashOf(dist: string): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(dist).sort()) {
    if (name.endsWith('.mjs')) hash.update(readFileSync(join(dist, name)));
  }
  return hash.digest('hex').slice(0, 16);
}
