import { createHash } from 'node:crypto';
import {
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import type { ServiceName } from '#kit/paths.ts';
import { programRoot } from '#kit/program.ts';

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
  if (!existsSync(copy)) publishCopy(root, node, copy);
  for (const name of readdirSync(folder)) {
    // Running services have their files open or loaded; only what no new start will use goes.
    if (join(folder, name) !== copy) rmSync(join(folder, name), { recursive: true, force: true });
  }
  return {
    node: join(copy, 'bin/node'),
    main: (service) => join(copy, 'dist', `${service}.mjs`),
  };
}

const SHIPPED = [
  'dist',
  'proto/gen/api.binpb',
  'guest/src',
  'services/rootd/jail',
  'package.json',
  'node_modules/koffi',
  'node_modules/@koromix',
];

function publishCopy(root: string, node: string, copy: string): void {
  const staging = `${copy}.${process.pid}.tmp`;
  mkdirSync(join(staging, 'bin'), { recursive: true, mode: 0o755 });
  try {
    for (const path of SHIPPED) copyTree(root, staging, path);
    // The rest of better-sqlite3 is SQLite's source and other systems' binaries.
    for (const part of [
      'package.json',
      'lib',
      'prebuilds/linux-x64.node',
      'prebuilds/linux-arm64.node',
    ]) {
      copyTree(root, staging, join('node_modules/better-sqlite3', part));
    }
    linkOrCopy(node, join(staging, 'bin/node'));
    renameSync(staging, copy);
  } catch (error) {
    rmSync(staging, { recursive: true, force: true });
    if (!existsSync(copy)) throw error;
  }
}

function copyTree(from: string, to: string, path: string): void {
  const source = join(from, path);
  // A module for another processor is not installed.
  if (existsSync(source)) cpSync(source, join(to, path), { recursive: true });
}

/** Node's binary has 120 MB; a second name for it costs nothing where the file system is the same. */
function linkOrCopy(source: string, target: string): void {
  try {
    linkSync(source, target);
  } catch {
    copyFileSync(source, target);
  }
}

function hashOf(dist: string): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(dist).sort()) {
    if (name.endsWith('.mjs')) hash.update(readFileSync(join(dist, name)));
  }
  return hash.digest('hex').slice(0, 16);
}
