import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestHex } from '../domain/digest.ts';
import { describe, type ImageFixture, makeIndex, OCI_MANIFEST, toJson } from './image-fixture.ts';
import { makeTar, type TarMember } from './tar-bytes.ts';

/** The members of an OCI archive that has the image under a tag. */
export function ociMembers(image: ImageFixture, tag = 'v1'): TarMember[] {
  const annotations = { 'org.opencontainers.image.ref.name': tag };
  const entry = { ...describe(image.manifest, OCI_MANIFEST), annotations };
  return [
    { name: 'oci-layout', content: toJson({ imageLayoutVersion: '1.0.0' }) },
    { name: 'index.json', content: makeIndex([entry]) },
    { name: blobName(image.digest), content: image.manifest },
    ...[...image.blobs].map(([digest, content]) => ({ name: blobName(digest), content })),
  ];
}

/** The members of what `docker save` wrote before version 25. */
export function dockerMembers(image: ImageFixture, tags: readonly string[]): TarMember[] {
  const [[configDigest, config] = ['sha256:', Buffer.alloc(0)]] = image.blobs;
  const configName = `${configDigest.slice('sha256:'.length)}.json`;
  const layers = image.layers.map((content, index) => ({ name: `${index}/layer.tar`, content }));
  const Layers = layers.map(({ name }) => name);
  return [
    ...layers,
    { name: configName, content: config },
    { name: 'manifest.json', content: toJson([{ Config: configName, RepoTags: tags, Layers }]) },
  ];
}

export function blobName(digest: ImageFixture['digest']): string {
  return `blobs/sha256/${digestHex(digest)}`;
}

export async function writeTar(folder: string, members: readonly TarMember[]): Promise<string> {
  const path = join(folder, 'image.tar');
  await writeFile(path, makeTar(members));
  return path;
}

/** The members with some replaced, by name; a content of undefined takes one away. */
export function change(
  members: readonly TarMember[],
  changes: Readonly<Record<string, Buffer | undefined>>,
): TarMember[] {
  return members.flatMap((member) => {
    if (!Object.hasOwn(changes, member.name)) return [member];
    const content = changes[member.name];
    return content === undefined ? [] : [{ ...member, content }];
  });
}
