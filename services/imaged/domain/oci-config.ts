import type { Digest } from './digest.ts';
import {
  type JsonField,
  member,
  parseJson,
  toDigestField,
  toEntries,
  toListOrNone,
  toText,
  toTextOr,
  wrongField,
} from './json-field.ts';
import type { Platform } from './platform.ts';
import type { ImageConfig } from './source-image.ts';

export const CONFIG_LIMIT_BYTES = 4 << 20;

export type ParsedConfig = {
  readonly config: ImageConfig;
  readonly platform: Platform;
  /** Digests of the uncompressed layers, lowest first; there is one for each layer of the manifest. */
  readonly diffIds: readonly Digest[];
};

/** Parses an OCI or Docker image config; what a container runtime would default, this defaults too. */
export function parseImageConfig(document: string, bytes: Uint8Array): ParsedConfig {
  const root = parseJson(document, bytes);
  const os = toTextOr(member(root, 'os'), '');
  const architecture = toTextOr(member(root, 'architecture'), '');
  const variant = toTextOr(member(root, 'variant'), '') || undefined;
  const rootfs = member(root, 'rootfs');
  const type = member(rootfs, 'type');
  if (type.value !== 'layers') throw wrongField(type, '"layers"');
  return {
    config: { ...parseProcess(member(root, 'config')), os, architecture },
    platform: { os, architecture, variant },
    diffIds: toListOrNone(member(rootfs, 'diff_ids')).map(toDigestField),
  };
}

/** The member that says how to run the image. Its names are capitalised because Go once exported them. */
function parseProcess(given: JsonField): Omit<ImageConfig, 'os' | 'architecture'> {
  const field = { ...given, value: given.value ?? {} };
  return {
    entrypoint: toTexts(member(field, 'Entrypoint')),
    cmd: toTexts(member(field, 'Cmd')),
    env: toTexts(member(field, 'Env')),
    user: toTextOr(member(field, 'User'), ''),
    workingDir: toTextOr(member(field, 'WorkingDir'), ''),
    exposedPorts: toEntries(member(field, 'ExposedPorts')).map(toPort),
    labels: Object.fromEntries(
      toEntries(member(field, 'Labels')).map(([name, value]) => [name, toText(value)]),
    ),
  };
}

function toTexts(field: JsonField): string[] {
  return toListOrNone(field).map(toText);
}

function toPort([name, field]: [string, JsonField]): string {
  const match = /^(\d{1,5}(?:-\d{1,5})?)(?:\/(tcp|udp|sctp))?$/.exec(name);
  if (match === null)
    throw wrongField({ ...field, value: name }, 'named by a port such as "80/tcp"');
  return `${match[1]}/${match[2] ?? 'tcp'}`;
}
