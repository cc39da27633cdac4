import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { findProcess } from '../vmm/process.ts';
import { tool } from './network-lab.ts';

/** What of a host is not banger's, as lines that can be compared. */
export async function snapshotHost(folders: readonly string[]): Promise<string[]> {
  return [
    ...(await snapshotNetwork()),
    ...snapshotSettings(),
    ...snapshotMounts(),
    ...snapshotProcesses(),
    ...folders.flatMap((folder) => snapshotTree(folder)),
  ];
}

/** A mount of another test goes from every namespace when that removes its folder. */
function snapshotMounts(): string[] {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').trim().split('\n');
  return mounts.filter((mount) => !mount.split(' ')[4]?.startsWith('/tmp/'));
}

/** All but VMMs, which requests may begin and end: by number and start, so that none was replaced either. */
function snapshotProcesses(): string[] {
  // What rootd gives to VMMs unless it is configured.
  const isVmm = (uid: number) => uid >= 80_000 && uid < 84_096;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => findProcess(Number(name)) ?? [])
    .filter(({ uids }) => !uids.some(isVmm))
    .map(({ pid, startTicks, uids }) => `process ${pid} since ${startTicks} of ${uids.join(' ')}`);
}

type Named = { ifname?: string; dev?: string; linkinfo?: { info_kind?: string } };

/** By name and kind: a device of somebody else may have a name like ours. */
function isOurs({ ifname, dev, linkinfo }: Named): boolean {
  const kind = linkinfo?.info_kind;
  const fits = ifname === undefined || kind === 'bridge' || kind === 'tun';
  return fits && /^(br-banger|bgtap-)/.test(ifname ?? dev ?? '');
}

async function snapshotNetwork(): Promise<string[]> {
  const ip = async (...args: string[]) => {
    const found: Named[] = JSON.parse((await tool('ip', '-j', ...args)) || '[]');
    return found.filter((each) => !isOurs(each)).map((each) => JSON.stringify(each));
  };
  const ruleset = await tool('nft', 'list', 'ruleset');
  const foreign = ruleset
    .split(/^(?=table )/m)
    .filter((table) => !/^table \w+ banger /.test(table));
  return [
    ...(await ip('-d', 'addr', 'show')),
    ...(await ip('route', 'show', 'table', 'all')),
    ...(await ip('-6', 'route', 'show', 'table', 'all')),
    ...(await ip('rule', 'show')),
    ...(await ip('neigh', 'show')),
    ...foreign,
  ];
}

function snapshotSettings(): string[] {
  const folders = ['ipv4', 'ipv6'].flatMap((family) =>
    ['all', 'default', 'lo', 'victim0'].map((device) => `/proc/sys/net/${family}/conf/${device}`),
  );
  return folders.flatMap((folder) =>
    readdirSync(folder)
      // Cannot be read before somebody has set it.
      .filter((name) => name !== 'stable_secret')
      .map((name) => `${folder}/${name} ${readFileSync(join(folder, name), 'utf8').trim()}`),
  );
}

/** Every file below a folder with its kind, owner, mode, links and content. */
export function snapshotTree(path: string): string[] {
  const { uid, gid, mode, nlink, size } = lstatSync(path);
  const line = `${path} ${uid}:${gid} ${mode.toString(8)} ${nlink}`;
  const kind = mode & 0o170_000;
  if (kind === 0o040_000) {
    const names = readdirSync(path).sort();
    return [line, ...names.flatMap((name) => snapshotTree(join(path, name)))];
  }
  if (kind === 0o120_000) return [`${line} -> ${readlinkSync(path)}`];
  if (kind !== 0o100_000) return [line];
  const hash = createHash('sha256').update(readFileSync(path)).digest('hex');
  return [`${line} ${size} ${hash}`];
}
