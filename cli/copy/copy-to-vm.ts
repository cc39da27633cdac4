import { type Stats, statSync } from 'node:fs';
import { basename, dirname, posix } from 'node:path';
import { BangerError } from '#kit/errors.ts';
import { runStreaming } from '#kit/exec.ts';
import { VmFileKind, VmServiceDefinition } from '#proto/banger/v1/vm.ts';
import type { Context } from '../context.ts';
import type { Place } from './place.ts';

type Host = Extract<Place, { kind: 'host' }>;
type Guest = Extract<Place, { kind: 'guest' }>;
type Stream = Extract<Place, { kind: 'stream' }>;
export type Copied = { entries: number; sizeBytes: number };

export type CopyOptions = {
  /** Keep the owners' numbers; otherwise all is root's. */
  archive: boolean;
};

/** Messages of the contract are small: a large one would hold up everything else on the connection. */
const CHUNK_BYTES = 64 * 1024;
const DAY_MS = 86_400_000;

/** Files and folders of the host, or a tar stream, into a guest. */
export async function copyToVm(
  context: Context,
  sources: readonly (Host | Stream)[],
  target: Guest,
  options: CopyOptions,
): Promise<Copied> {
  const there = await lookThere(context, target);
  const total = { entries: 0, sizeBytes: 0 };
  const stats = sources.map((source) => (source.kind === 'host' ? lookHere(source) : undefined));
  if (sources.length > 1 && there !== VmFileKind.FOLDER) throw noFolder(target);
  for (const [index, source] of sources.entries()) {
    const plan = planOf(source, stats[index], target, there);
    const copied = await send(context, target.vm, plan, options);
    total.entries += copied.entries;
    total.sizeBytes += copied.sizeBytes;
  }
  return total;
}

type Plan = { folder: string; tar(context: Context): AsyncIterable<Uint8Array> };

/** The rules of cp(1): into a folder that is there, else under the new name. */
function planOf(
  source: Host | Stream,
  here: Stats | undefined,
  target: Guest,
  there: VmFileKind,
): Plan {
  if (source.kind === 'stream' || here === undefined) {
    return { folder: target.path, tar: ({ stdin }) => stdin };
  }
  const { path } = source;
  if (there === VmFileKind.FOLDER) {
    return { folder: target.path, tar: packed(dirname(path), basename(path)) };
  }
  if (here.isDirectory()) {
    if (there === VmFileKind.FILE) throw noFolder(target);
    return { folder: target.path, tar: packed(path, '.') };
  }
  if (target.asFolder) throw noFolder(target);
  return {
    folder: posix.dirname(target.path),
    tar: renamed(path, posix.basename(target.path)),
  };
}

function packed(folder: string, name: string) {
  return ({ signal }: Context) => tar(['-C', folder, '-cf', '-', '--', name], signal);
}

/** Under another name, for which tar wants a sed(1) expression: what sed reads as more than itself is escaped. */
function renamed(path: string, name: string) {
  const rename = `flags=r;s,.*,${name.replaceAll(/[\\&,]/g, '\\$&')},`;
  const args = ['-C', dirname(path), '-h', '--transform', rename, '-cf', '-', '--', basename(path)];
  return ({ signal }: Context) => tar(args, signal);
}

function tar(args: readonly string[], signal: AbortSignal): AsyncIterable<Buffer> {
  return runStreaming('tar', ['--format=posix', '--numeric-owner', ...args], {
    signal,
    timeoutMs: DAY_MS,
  });
}

async function send(
  context: Context,
  vm: string,
  { folder, tar: open }: Plan,
  { archive }: CopyOptions,
): Promise<Copied> {
  async function* requests() {
    const start = { vm, guestPath: folder, owner: archive ? '' : '0:0' };
    yield { part: { $case: 'start' as const, value: start } };
    for await (const data of open(context)) {
      for (let at = 0; at < data.length; at += CHUNK_BYTES) {
        const value = Buffer.from(data.subarray(at, at + CHUNK_BYTES));
        yield { part: { $case: 'chunk' as const, value } };
      }
    }
  }
  const { clients, signal } = context;
  return clients.of('vmd', VmServiceDefinition).copyToVm(requests(), { signal });
}

async function lookThere({ clients, signal }: Context, { vm, path }: Guest): Promise<VmFileKind> {
  const request = { vm, guestPath: path };
  return (await clients.of('vmd', VmServiceDefinition).getVmFile(request, { signal })).kind;
}

function lookHere({ path }: Host): Stats {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found !== undefined) return found;
  throw new BangerError('INVALID_FIELD', `there is no "${path}" on this host`);
}

function noFolder({ vm, path }: Guest): BangerError {
  return new BangerError(
    'INVALID_FIELD',
    `"${path}" is not a folder of vm "${vm}"; make it with: banger vm exec ${vm} -- mkdir -p ${path}`,
    { metadata: { vm, path } },
  );
}
