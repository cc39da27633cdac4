import type { Tree, Violation } from './tree.ts';

type Entry = { resolved?: string; optionalDependencies?: Record<string, string> };
type LockFile = { version: string; packages: Record<string, Entry> };

/** What package.json and its lock must be for every machine to get the same program. */
export function checkPackages(tree: Tree, version: string): Violation[] {
  const manifest = JSON.parse(tree.read('package.json')) as { version: string };
  const lock = JSON.parse(tree.read('package-lock.json')) as LockFile;
  const entries = Object.entries(lock.packages);
  // The patch of kit/inject.ts must meet the copy that nice-grpc uses.
  const grpc = entries.filter(([path]) => path.endsWith('node_modules/@grpc/grpc-js'));
  return [
    ...[manifest.version, lock.version]
      .filter((found) => found !== version)
      .map((found) => `package.json: says ${found} and kit/program.ts says ${version}`),
    ...(grpc.length === 1 ? [] : [`package-lock.json: has ${grpc.length} copies of @grpc/grpc-js`]),
    ...entries
      .filter(([, { resolved }]) => resolved !== undefined)
      .map(([path]) => `package-lock.json: "${path}" names the registry it came from`),
    ...findUnlocked(entries).map((name) => `package-lock.json: has no entry for "${name}"`),
  ];
}

/** `npm ci` wants an entry also for the packages of platforms that are not this one. */
function findUnlocked(entries: readonly [string, Entry][]): string[] {
  const locked = new Set(entries.map(([path]) => path.split('node_modules/').at(-1)));
  const optional = entries.flatMap(([, entry]) => Object.keys(entry.optionalDependencies ?? {}));
  return optional.filter((name) => !locked.has(name));
}
