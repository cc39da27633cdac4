import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { BangerError } from '#kit/errors.ts';
import { formatSize } from '#kit/size.ts';
import { type Vm, VmServiceDefinition, type WorkspaceEntry } from '#proto/banger/v1/vm.ts';
import type { Context } from '../context.ts';
import { readTar } from '../tar/read-tar.ts';
import { refusedFile } from './check-name.ts';
import { isLink } from './file-mode.ts';
import { findConverted, toLf } from './line-ends.ts';
import type { Scratch } from './scratch.ts';

export type ContentLimit = { totalBytes: number };
export type Content = { path: Buffer; object: string };
type Wanted = Pick<WorkspaceEntry, 'path' | 'mode' | 'sizeBytes' | 'target'>;

/** Names of one request, below the contract's limit of 1 MiB. */
const NAMES_BYTES = 512 * 1024;

/**
 * Brings contents from a guest into the scratch repository, as blobs, through `git fast-import`: they are never files
 * here. What the guest sends is held to the names that were asked for and to the limit.
 */
export async function fetchContents(
  context: Context,
  vm: Vm,
  scratch: Scratch,
  wanted: readonly Wanted[],
  limit: ContentLimit,
): Promise<Content[]> {
  if (wanted.length === 0) return [];
  refuseTooMuch(wanted, limit);
  const order: Buffer[] = [];
  const marks = join(scratch.folder, 'marks');
  const paths = wanted.map(({ path }) => path);
  const converted = await findConverted(scratch.repository.git, paths);
  const input = Readable.from(importCommands(context, vm, wanted, { limit, order, converted }));
  try {
    await scratch.git.text(['fast-import', '--quiet', '--done', `--export-marks=${marks}`], {
      input,
    });
  } catch (error) {
    // A guest that breaks the rules ends the input; git then only says that the input ended.
    throw input.errored ?? error;
  }
  const objects = new Map(
    readFileSync(marks, 'latin1')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.slice(1).split(' ') as [string, string]),
  );
  return order.map((path, at) => ({ path, object: objects.get(String(at + 1)) ?? '' }));
}

function refuseTooMuch(wanted: readonly Wanted[], { totalBytes }: ContentLimit): void {
  const total = wanted.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (total <= totalBytes) return;
  const largest = wanted.reduce((most, file) => (file.sizeBytes > most.sizeBytes ? file : most));
  throw tooMuch(largest.path, largest.sizeBytes, { totalBytes });
}

function tooMuch(path: Buffer, sizeBytes: number, { totalBytes }: ContentLimit): BangerError {
  const limit = formatSize(totalBytes);
  return refusedFile(
    path,
    `has ${formatSize(sizeBytes)}, and all that changed may have ${limit} (--max-size says how much)`,
  );
}

type Import = { limit: ContentLimit; order: Buffer[]; converted: ReadonlySet<string> };

async function* importCommands(
  context: Context,
  vm: Vm,
  wanted: readonly Wanted[],
  { limit, order, converted }: Import,
): AsyncGenerator<Buffer, void> {
  const head = (path: Buffer, size: number) => {
    order.push(path);
    return Buffer.from(`blob\nmark :${order.length}\ndata ${size}\n`);
  };
  for (const { path, target } of wanted.filter(({ mode }) => isLink(mode))) {
    yield Buffer.concat([head(path, target.length), target, Buffer.from('\n')]);
  }
  let left = limit.totalBytes;
  for (const paths of inRequests(wanted.filter(({ mode }) => !isLink(mode)))) {
    const asked = new Map(paths.map((path) => [path.toString('latin1'), path]));
    for await (const entry of readTar(requestFiles(context, vm, paths))) {
      if (!asked.delete(entry.path.toString('latin1')))
        throw refusedFile(entry.path, 'was sent without being asked for');
      if (entry.type !== 'file') throw refusedFile(entry.path, 'changed while it was exported');
      left -= entry.sizeBytes;
      if (left < 0) throw tooMuch(entry.path, entry.sizeBytes, limit);
      if (converted.has(entry.path.toString('latin1'))) {
        const content = toLf(Buffer.concat(await Array.fromAsync(entry.content())));
        yield head(entry.path, content.length);
        yield content;
      } else {
        yield head(entry.path, entry.sizeBytes);
        yield* entry.content();
      }
      yield Buffer.from('\n');
    }
    for (const path of asked.values()) throw refusedFile(path, 'went away while it was exported');
  }
  yield Buffer.from('done\n');
}

async function* requestFiles({ clients, signal }: Context, vm: Vm, paths: readonly Buffer[]) {
  const answers = clients
    .of('vmd', VmServiceDefinition)
    .exportVmWorkspace({ vm: vm.id, paths: [...paths] }, { signal });
  for await (const { chunk } of answers) yield chunk;
}

function* inRequests(files: readonly Wanted[]): Generator<Buffer[], void> {
  let paths: Buffer[] = [];
  let bytes = 0;
  for (const { path } of files) {
    paths.push(path);
    bytes += path.length;
    if (bytes < NAMES_BYTES) continue;
    yield paths;
    paths = [];
    bytes = 0;
  }
  if (paths.length > 0) yield paths;
}
