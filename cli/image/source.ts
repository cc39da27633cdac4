import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { BangerError } from '#kit/errors.ts';
import { runStreaming } from '#kit/exec.ts';
import type { Context } from '../context.ts';

/** A source as the service is told of it, and the bytes that only this user can read. */
export type Source = { source: string; name: string; bytes?: AsyncIterable<Buffer> };

const PACK_TIMEOUT_MS = 60 * 60_000;

/**
 * What lies in files is read here, as the user, and streamed: the services need not, and may not, look into anybody's
 * home. Registries, recipes and catalogues are the service's to ask.
 */
export async function openSource(context: Context, text: string): Promise<Source> {
  if (text === '-') return { source: '-', name: '', bytes: context.stdin };
  const match = /^(oci|oci-archive|docker-archive|tar):([^:]*)(?::(.*))?$/s.exec(text);
  if (match === null) return { source: text, name: '' };
  // The path is nobody's business but the user's: the service hears the kind and the tag, and gets the bytes.
  const [, kind = '', path = '', tag = ''] = match;
  const found = await stat(path).catch((cause: unknown) => {
    throw new BangerError('INVALID_REFERENCE', `"${path}" cannot be read; name a file or folder`, {
      cause,
    });
  });
  const name = basename(path).replace(/\.(tar|oci|tgz)(\.(gz|zst))?$/, '');
  if (kind !== 'oci') {
    return { source: `${kind}:${tag}`, name, bytes: createReadStream(path) };
  }
  if (!found.isDirectory()) {
    throw new BangerError(
      'INVALID_REFERENCE',
      `"${path}" is no OCI layout folder; for a file say oci-archive:`,
    );
  }
  // A folder travels as the archive that it would be.
  const bytes = runStreaming('tar', ['-C', path, '-cf', '-', '.'], {
    signal: context.signal,
    timeoutMs: PACK_TIMEOUT_MS,
  });
  return { source: `oci-archive:${tag}`, name, bytes };
}

const CHUNK_BYTES = 64 * 1024;

/** Pieces that fit into one message. */
export async function* chunksOf(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  for await (const piece of bytes) {
    for (let at = 0; at < piece.length; at += CHUNK_BYTES)
      yield piece.subarray(at, at + CHUNK_BYTES);
  }
}
