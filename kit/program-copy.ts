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
  statSync,
} from 'node:fs';
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

/** What of it changes from one version to the next; packages change with package.json. */
const HASHED = SHIPPED.filter((path) => !path.startsWith('node_modules/'));

/** Tells one version of the program from another. */
export function hashProgram(): string {
  const hash = createHash('sha256');
  for (const file of HASHED.flatMap(filesBelow)) {
    hash.update(`${file} `).update(readFileSync(join(programRoot(), file)));
  }
  return hash.digest('hex').slice(0, 16);
}

function filesBelow(path: string): string[] {
  const place = join(programRoot(), path);
  if (!statSync(place).isDirectory()) return [path];
  const names = readdirSync(place, { recursive: true, encoding: 'utf8' }).sort();
  return names.map((name) => join(path, name)).filter((file) => isFile(join(programRoot(), file)));
}

const isFile = (place: string) => statSync(place).isFile();

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
