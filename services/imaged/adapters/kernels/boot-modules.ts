import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { BangerError } from '#kit/errors.ts';

/** What a guest needs before its root disk is there, and what no disk would bring: channel, network, entropy. */
const WANTED = [
  'virtio_mmio',
  'virtio_blk',
  'ext4',
  'virtio_net',
  'virtio_console',
  'virtio-rng',
  'vmw_vsock_virtio_transport',
  'overlay',
];

/**
 * The modules to load at boot, in an order in which each finds what it depends on; those that are built in are
 * left out. Reads what depmod wrote (modules.dep(5)).
 */
export async function findBootModules(folder: string): Promise<string[]> {
  const dependencies = parseDependencies(await readFile(join(folder, 'modules.dep'), 'utf8'));
  const builtIn = parseBuiltIn(await readFile(join(folder, 'modules.builtin'), 'utf8'));
  const order = new Set<string>();
  for (const wanted of WANTED) {
    const found = [...dependencies].find(([path]) => moduleName(path) === normal(wanted));
    if (found === undefined) {
      if (builtIn.has(normal(wanted))) continue;
      throw new BangerError(
        'FEATURE_UNSUPPORTED',
        `the kernel has no "${wanted}", which a guest needs`,
      );
    }
    const [path, needed] = found;
    // depmod lists the nearest dependency first, so the farthest one is loaded first.
    for (const dependency of needed.toReversed()) order.add(dependency);
    order.add(path);
  }
  return [...order];
}

function parseDependencies(text: string): Map<string, string[]> {
  return new Map(
    text
      .split('\n')
      .filter((line) => line.includes(':'))
      .map((line) => {
        const [path = '', needed = ''] = line.split(':');
        return [path, needed.split(' ').filter((name) => name !== '')];
      }),
  );
}

function parseBuiltIn(text: string): Set<string> {
  return new Set(
    text
      .split('\n')
      .filter((line) => line !== '')
      .map(moduleName),
  );
}

/** Module names treat "-" and "_" alike. */
function moduleName(path: string): string {
  return normal(basename(path).replace(/\.ko(?:\.\w+)?$/, ''));
}

function normal(name: string): string {
  return name.replaceAll('-', '_');
}
