import { readFile } from 'node:fs/promises';
import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import type { Tell } from '#kit/stages.ts';
import type { CatalogueEntry, Catalogues } from '../domain/catalogue.ts';
import type { Platform } from '../domain/platform.ts';
import type { SpooledFile } from '../domain/ports.ts';
import { isUrl, parseCatalogue } from './catalogue-file.ts';
import { openLocation } from './open-location.ts';
import type { Transport } from './registry/transport.ts';
import { spoolBytes } from './spool.ts';

export type CatalogueOptions = {
  /** URLs and paths. */
  readonly origins: readonly string[];
  readonly platform: Platform;
  readonly transport: Transport;
  readonly limitBytes: number;
};

const CATALOGUE_LIMIT_BYTES = 8 * 2 ** 20;

export function createCatalogues(options: CatalogueOptions): Catalogues {
  const { origins, transport, platform } = options;
  const read = async (call: Call, origin: string, kind: CatalogueEntry['kind']) => {
    const entries = parseCatalogue(origin, await readOrigin(transport, call, origin));
    return entries.filter(
      (entry) => entry.kind === kind && entry.architecture === platform.architecture,
    );
  };
  return {
    async list(call, kind) {
      const lists = await Promise.all(origins.map((origin) => read(call, origin, kind)));
      return lists.flat();
    },
    async listReadable(call, kind) {
      const tried = origins.map((origin) =>
        read(call, origin, kind).catch((error: unknown) => {
          call.log.warn('catalogue not read', { catalogue: origin, error });
          return [];
        }),
      );
      return (await Promise.all(tried)).flat();
    },
    download: (call, entry, folder, tell) => download(options, call, { entry, folder }, tell),
  };
}

async function readOrigin(transport: Transport, call: Call, origin: string): Promise<Buffer> {
  if (!isUrl(origin)) {
    return readFile(origin).catch((cause: unknown) => {
      const message = `catalogue "${origin}" cannot be read; correct "catalogues" in the table [imaged] of the configuration`;
      throw new BangerError('HOST_NOT_READY', message, { cause });
    });
  }
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of openLocation(transport, call, origin)) {
    sizeBytes += chunk.length;
    if (sizeBytes > CATALOGUE_LIMIT_BYTES) {
      throw new BangerError('IMAGE_CORRUPT', `catalogue "${origin}" is too long to be one`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

type Wanted = { readonly entry: CatalogueEntry; readonly folder: string };

async function download(
  { transport, limitBytes }: CatalogueOptions,
  call: Call,
  { entry, folder }: Wanted,
  tell: Tell,
): Promise<SpooledFile> {
  const { location, sizeBytes: total, digest } = entry;
  const bytes = openLocation(transport, call, location);
  // Where the catalogue says how much there is, nothing more is taken.
  const spool = { folder, limitBytes: total === 0 ? limitBytes : Math.min(total, limitBytes) };
  const file = await spoolBytes(call, bytes, spool, (detail, progress) =>
    tell(detail, progress && { ...progress, total }),
  );
  if (file.digest === digest) return file;
  throw new BangerError(
    'IMAGE_CORRUPT',
    `"${location}" hashes to "${file.digest}", not to "${digest}" as catalogue "${entry.origin}" says; tell whoever runs it`,
    { metadata: { digest: file.digest } },
  );
}
