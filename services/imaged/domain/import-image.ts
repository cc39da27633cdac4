import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import type { ImageName } from '#kit/names.ts';
import { type Report, runStage } from '#kit/stages.ts';
import { undo } from '#kit/undo.ts';
import type { Digest } from './digest.ts';
import type { Image } from './image.ts';
import { makeImage } from './make-image.ts';
import { bundleOrigin } from './origins/bundle-origin.ts';
import type { Imaged } from './ports.ts';

export type ImportImage = {
  /** Absent: the name in the bundle. */
  readonly name: ImageName | undefined;
  /** What the bundle must hash to, when the caller knows. */
  readonly digest: Digest | undefined;
  readonly replace: boolean;
  readonly bytes: AsyncIterable<Uint8Array>;
};

/** Takes a bundle. It is whole and its hash is checked before a byte of it is expanded. */
export async function importImage(
  imaged: Imaged,
  call: Call,
  wanted: ImportImage,
  report: Report,
): Promise<Image> {
  await using undoing = new AsyncDisposableStack();
  const received = await imaged.folders.stage();
  undoing.defer(undo(call.log, 'remove bundle', () => received[Symbol.asyncDispose]()));
  const bundle = await runStage(report, 'receive', async (tell) => {
    const file = await imaged.archives.spool(call, wanted.bytes, received.folder, tell);
    checkBundle(file.digest, wanted.digest);
    return file;
  });
  const name = wanted.name ?? (await imaged.bundles.readManifest(call, bundle)).name;
  const { replace } = wanted;
  const making = {
    name,
    source: 'bundle',
    replace,
    ifAbsent: false,
    again: false,
    key: call.opId,
    open: async () => bundleOrigin(imaged, bundle),
  };
  return await makeImage(imaged, call, making, report);
}

function checkBundle(found: Digest, wanted: Digest | undefined): void {
  if (wanted === undefined || wanted === found) return;
  throw new BangerError(
    'IMAGE_CORRUPT',
    `the bundle hashes to "${found}", not to "${wanted}"; get it again`,
    { metadata: { digest: found } },
  );
}
