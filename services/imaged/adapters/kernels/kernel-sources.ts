import type { Call } from '#kit/call.ts';
import { type Report, runStage } from '#kit/stages.ts';
import type { CatalogueEntry } from '../../domain/catalogue.ts';
import type { KernelSources, StagedKernel } from '../../domain/kernel-ports.ts';
import type { SpooledFile } from '../../domain/ports.ts';
import { unpackKernelPackage } from './debian-package.ts';
import { isKernelFile, stageUnpacked } from './from-archive.ts';
import { stageFromSource } from './from-source.ts';
import { type StageTools, stageKernel } from './stage-kernel.ts';

/** What of the rest of imaged brings archives here. */
export type ArchiveTools = {
  /** Keeps a stream in the folder. */
  spool(
    call: Call,
    bytes: AsyncIterable<Uint8Array>,
    folder: string,
    report: Report,
  ): Promise<SpooledFile>;
  download(call: Call, entry: CatalogueEntry, folder: string, report: Report): Promise<SpooledFile>;
  /** Writes those plain files of a tar whose paths are wanted; never anything outside of the folder. */
  unpack(
    call: Call,
    archive: string,
    folder: string,
    wants: (path: string) => boolean,
  ): Promise<void>;
};

export function createKernelSources(tools: StageTools & ArchiveTools): KernelSources {
  const fromFile = async (
    call: Call,
    bring: (folder: string) => Promise<SpooledFile>,
    source: string,
    report: Report,
  ): Promise<StagedKernel> => {
    await using scratch = await tools.begin();
    const { path } = await bring(scratch.folder);
    return await runStage(report, 'unpack', () => stageArchive(tools, call, path, source));
  };
  return {
    fromPackage: (call, packageName, report) =>
      runStage(report, 'package', async (tell) => {
        await using scratch = await tools.begin();
        const unpacked = await unpackKernelPackage(call, packageName, scratch.folder, tell);
        tell(`preparing ${unpacked.source}`);
        return await stageKernel(tools, call, unpacked);
      }),
    fromSource: (call, report) => stageFromSource(tools, call, report),
    fromBytes: (call, bytes, report) =>
      fromFile(call, (folder) => tools.spool(call, bytes, folder, report), 'import', report),
    fromCatalogue: (call, entry, report) =>
      fromFile(
        call,
        (folder) => tools.download(call, entry, folder, report),
        `catalogue ${entry.origin}`,
        report,
      ),
  };
}

async function stageArchive(
  tools: StageTools & ArchiveTools,
  call: Call,
  archive: string,
  source: string,
): Promise<StagedKernel> {
  await using undoing = new AsyncDisposableStack();
  const unpacked = undoing.use(await tools.begin());
  await tools.unpack(call, archive, unpacked.folder, isKernelFile);
  const staged = await stageUnpacked(tools, call, unpacked, source);
  undoing.move();
  return staged;
}
