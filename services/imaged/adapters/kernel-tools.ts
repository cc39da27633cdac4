import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdCompress } from 'node:zlib';
import { buildGuest } from '#guest/build.ts';
import { buildInitrd } from '#guest/initrd.ts';
import type { Call } from '#kit/call.ts';
import { runStreaming } from '#kit/exec.ts';
import { runStage } from '#kit/stages.ts';
import type { Catalogues } from '../domain/catalogue.ts';
import { buildDisk } from './build-disk.ts';
import type { FolderTools } from './kernels/kernel-folders.ts';
import type { ArchiveTools } from './kernels/kernel-sources.ts';
import type { StageTools } from './kernels/stage-kernel.ts';
import { spoolBytes } from './spool.ts';
import type { Staging } from './staging.ts';
import { unpackFiles } from './unpack-files.ts';

const PACK_TIMEOUT_MS = 120_000;
/** What a message of a stream carries well. */
const CHUNK_BYTES = 64 * 1024;

export type KernelToolsOptions = {
  /** Folder of the published kernels. */
  readonly root: string;
  readonly staging: Staging;
  readonly catalogues: Catalogues;
  readonly cacheFolder: string;
  readonly limitBytes: number;
};

/** What of imaged's other parts a kernel is made with. */
export function createKernelTools(
  options: KernelToolsOptions,
): FolderTools & StageTools & ArchiveTools {
  const { root, staging, catalogues, cacheFolder, limitBytes } = options;
  return {
    root,
    begin: () => staging.begin(),
    async writeDisk(call, folder, path) {
      const layer = { open: () => tarOf(call, folder) };
      await buildDisk(call, [layer], { path, identity: 'modules', freeBytes: 0 }, () => undefined);
    },
    async packInitrd(call, modules) {
      const guestPath = await buildGuest({ cacheFolder, signal: call.signal });
      return buildInitrd({ guestPath, modules, cacheFolder });
    },
    packFolder,
    spool: (call, bytes, folder, report) =>
      runStage(report, 'receive', (tell) => spoolBytes(call, bytes, { folder, limitBytes }, tell)),
    download: (call, entry, folder, report) =>
      runStage(report, 'download', (tell) => catalogues.download(call, entry, folder, tell)),
    unpack: unpackFiles,
  };
}

async function* packFolder(call: Call, folder: string): AsyncGenerator<Uint8Array> {
  const packed = createZstdCompress({ chunkSize: CHUNK_BYTES });
  const plain = Readable.from(tarOf(call, folder));
  const packing = pipeline(plain, packed, { signal: call.signal });
  // Its failure destroys the stream, which tells whoever reads it.
  packing.catch(() => undefined);
  yield* packed as AsyncIterable<Buffer>;
  await packing;
}

/** Owned by root and without times, so that the same files give the same bytes. */
function tarOf(call: Call, folder: string): AsyncIterable<Buffer> {
  const plain = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@0'];
  return runStreaming('tar', ['-C', folder, ...plain, '-cf', '-', '.'], {
    signal: call.signal,
    timeoutMs: PACK_TIMEOUT_MS,
  });
}
