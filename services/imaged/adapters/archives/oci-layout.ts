import { BangerError } from '#kit/errors.ts';
import { printableName } from '#kit/names.ts';
import { digestHex } from '../../domain/digest.ts';
import { member, parseJson, toText, wrongField } from '../../domain/json-field.ts';
import { type IndexEntry, MANIFEST_LIMIT_BYTES, parseManifest } from '../../domain/oci-manifest.ts';
import { choosePlatform } from '../../domain/platform.ts';
import { checkSize, type ResolvedImage, resolveImage } from '../../domain/resolve-image.ts';
import { type BlobIdentity, corruptBlob, verifyBlob } from '../../domain/verify-blob.ts';
import type { ArchiveContent, Wanted } from './archive-content.ts';
import { type ArchiveFile, type ArchiveFiles, getFile, readFile } from './archive-files.ts';

const LAYOUT_LIMIT_BYTES = 4 << 10;
const REF_NAME = 'org.opencontainers.image.ref.name';
/** Where containerd, and Docker with it, put the whole reference; the other then has just the tag. */
const CONTAINERD_NAME = 'io.containerd.image.name';

/** Finds an image in an OCI layout, be it a folder or an archive of one. */
export async function readOciLayout(files: ArchiveFiles, wanted: Wanted): Promise<ArchiveContent> {
  await checkLayoutVersion(files);
  const document = `file "index.json" of ${files.origin}`;
  const index = parseManifest(document, await readFile(files, 'index.json', MANIFEST_LIMIT_BYTES));
  if (index.kind !== 'index')
    throw wrongField({ document, path: 'manifests', value: undefined }, 'a list');
  const entry = chooseEntry(index.entries, wanted, files.origin);
  checkSize(entry, MANIFEST_LIMIT_BYTES, `manifest of "${printableName(wanted.name)}"`);
  const first = { ...entry, bytes: await readBlob(files, entry) };
  const resolved = await resolveImage(wanted.name, first, wanted.platform, (blob) =>
    readBlob(files, blob),
  );
  return { ...resolved, layers: await findLayers(files, resolved) };
}

async function checkLayoutVersion(files: ArchiveFiles): Promise<void> {
  const document = `file "oci-layout" of ${files.origin}`;
  const root = parseJson(document, await readFile(files, 'oci-layout', LAYOUT_LIMIT_BYTES));
  const version = member(root, 'imageLayoutVersion');
  if (!toText(version).startsWith('1.')) throw wrongField(version, 'version 1');
}

function chooseEntry(entries: readonly IndexEntry[], wanted: Wanted, origin: string): IndexEntry {
  const { tag, platform, name } = wanted;
  const named = entries.filter((entry) => tag === undefined || namesOf(entry).includes(tag));
  const unique = [...new Map(named.map((entry) => [entry.digest, entry])).values()];
  const [first] = unique;
  if (first === undefined) throw notFound(entries, tag, origin);
  if (unique.length === 1) return first;
  // One image may be listed once per platform, without an index of its own around it.
  const isOneImage = new Set(unique.map((entry) => namesOf(entry).join())).size === 1;
  if (isOneImage && unique.some((entry) => entry.platform !== undefined)) {
    return choosePlatform(unique, platform, name);
  }
  throw new BangerError(
    'INVALID_REFERENCE',
    `${origin} holds several images; add one of these after a colon: ${listNames(entries)}`,
  );
}

function namesOf({ annotations }: IndexEntry): string[] {
  return [annotations.get(REF_NAME), annotations.get(CONTAINERD_NAME)].filter(
    (name) => name !== undefined,
  );
}

function notFound(
  entries: readonly IndexEntry[],
  tag: string | undefined,
  origin: string,
): BangerError {
  const what = tag === undefined ? 'no image' : `no image "${printableName(tag)}"`;
  return new BangerError(
    'IMAGE_NOT_FOUND',
    `${origin} holds ${what}; it has: ${listNames(entries)}`,
  );
}

function listNames(entries: readonly IndexEntry[]): string {
  const names = new Set(entries.flatMap(namesOf));
  return names.size === 0
    ? 'nothing with a name'
    : [...names]
        .slice(0, 20)
        .map((name) => `"${printableName(name)}"`)
        .join(', ');
}

async function findLayers(
  files: ArchiveFiles,
  { layers }: ResolvedImage,
): Promise<ArchiveContent['layers']> {
  return Promise.all(
    layers.map(async (layer) => {
      const file = await findBlob(files, layer);
      return { ...layer, open: () => verifyBlob(file.read(), layer, files.origin) };
    }),
  );
}

async function readBlob(files: ArchiveFiles, blob: BlobIdentity): Promise<Buffer> {
  const file = await findBlob(files, blob);
  const chunks: Buffer[] = [];
  for await (const chunk of verifyBlob(file.read(), blob, files.origin)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function findBlob(files: ArchiveFiles, blob: BlobIdentity): Promise<ArchiveFile> {
  const file = await getFile(files, `blobs/sha256/${digestHex(blob.digest)}`);
  if (file.sizeBytes === blob.sizeBytes) return file;
  throw corruptBlob(blob, files.origin, `it has ${file.sizeBytes} bytes, not ${blob.sizeBytes}`);
}
