import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { BangerError } from '#kit/errors.ts';
import { run } from '#kit/exec.ts';
import { VmFileKind, VmServiceDefinition } from '#proto/banger/v1/vm.ts';
import type { Context } from '../context.ts';
import type { Place } from './place.ts';

type Host = Extract<Place, { kind: 'host' }>;
type Guest = Extract<Place, { kind: 'guest' }>;

const DAY_MS = 86_400_000;

/** A file or folder of a guest as a tar stream on standard output. */
export async function streamFromVm(context: Context, source: Guest): Promise<void> {
  await lookThere(context, source);
  for await (const data of read(context, source)) {
    if (context.out.stdout.write(data)) continue;
    const { promise, resolve } = Promise.withResolvers<void>();
    context.out.stdout.once('drain', resolve);
    await promise;
  }
}

/**
 * A file or folder of a guest, put on the host. What comes is the guest's word, so it is unpacked in a fresh folder
 * that nobody else can enter, by a tar that follows no link of the archive; only files, folders and links are let
 * through, and the whole is moved to its place when it is complete.
 */
export async function copyFromVm(context: Context, source: Guest, target: Host): Promise<string> {
  const kind = await lookThere(context, source);
  const place = placeFor(source, target);
  const staging = mkdtempSync(join(dirname(place), '.banger-cp-'));
  try {
    await unpack(context, source, staging);
    refuseOddities(staging);
    const made = kind === VmFileKind.FOLDER ? staging : join(staging, posix.basename(source.path));
    if (kind === VmFileKind.FOLDER) chmodSync(staging, 0o755);
    replace(made, place);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
  return place;
}

/** The rules of cp(1): into a folder that is there, else under the new name. */
function placeFor(source: Guest, { path, asFolder }: Host): string {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory() === true) {
    const name = posix.basename(source.path);
    return join(path, name === '' ? source.vm : name);
  }
  if (asFolder || !existsSync(dirname(path))) {
    const folder = asFolder ? path : dirname(path);
    throw new BangerError(
      'INVALID_FIELD',
      `"${folder}" is not a folder; make it with: mkdir -p ${folder}`,
    );
  }
  return path;
}

/** Folders are not merged: what would be overwritten unseen is refused. */
function replace(made: string, place: string): void {
  const isFolder = lstatSync(made).isDirectory();
  const there = lstatSync(place, { throwIfNoEntry: false });
  if (there !== undefined && (isFolder || there.isDirectory())) {
    throw new BangerError('INVALID_FIELD', `"${place}" is there already; choose another place`);
  }
  renameSync(made, place);
}

async function unpack(context: Context, source: Guest, staging: string): Promise<void> {
  const { signal } = context;
  const args = ['-x', '-f', '-', '-C', staging, '--no-same-owner', '--no-same-permissions'];
  await run('tar', args, { signal, timeoutMs: DAY_MS, input: read(context, source) });
}

async function* read({ clients, signal }: Context, { vm, path }: Guest) {
  const request = { vm, guestPath: path };
  const chunks = clients.of('vmd', VmServiceDefinition).copyFromVm(request, { signal });
  for await (const { chunk } of chunks) yield chunk;
}

async function lookThere({ clients, signal }: Context, { vm, path }: Guest): Promise<VmFileKind> {
  const request = { vm, guestPath: path };
  const { kind } = await clients.of('vmd', VmServiceDefinition).getVmFile(request, { signal });
  if (kind === VmFileKind.FILE || kind === VmFileKind.FOLDER) return kind;
  const why = kind === VmFileKind.ABSENT ? `there is no "${path}"` : `"${path}" is no file`;
  throw new BangerError('INVALID_FIELD', `${why} in vm "${vm}"`, { metadata: { vm, path } });
}

/** Devices, pipes and set-user-id programs of a guest have no business on the host. */
function refuseOddities(staging: string): void {
  for (const name of readdirSync(staging, { recursive: true, encoding: 'utf8' })) {
    const path = join(staging, name);
    const found = lstatSync(path);
    if (!found.isFile() && !found.isDirectory() && !found.isSymbolicLink()) {
      throw new BangerError(
        'INVALID_FIELD',
        `"${name}" is a device or pipe and stays in the guest`,
      );
    }
    if (found.isFile() && (found.mode & 0o7000) !== 0) chmodSync(path, found.mode & 0o777);
  }
}
