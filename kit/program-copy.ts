import { copyFileSync, cpSync, existsSync, linkSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { programRoot } from './program.ts';

const SHIPPED = [
  'dist',
  'proto/gen/api.binpb',
  'guest/src',
  'services/rootd/jail',
  'deploy/kernel',
  'package.json',
  'node_modules/koffi',
  'node_modules/@koromix',
  // The rest of better-sqlite3 is SQLite's source and other systems' binaries.
  'node_modules/better-sqlite3/package.json',
  'node_modules/better-sqlite3/lib',
  'node_modules/better-sqlite3/prebuilds/linux-x64.node',
  'node_modules/better-sqlite3/prebuilds/linux-arm64.node',
];

/** What runs of this checkout, with the Node that runs it, in a folder that is there whole or not at all. */
export function publishProgramCopy(node: string, copy: string): void {
  const staging = `${copy}.${process.pid}.tmp`;
  mkdirSync(join(staging, 'bin'), { recursive: true, mode: 0o755 });
  try {
    for (const path of SHIPPED) copyTree(programRoot(), staging, path);
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
