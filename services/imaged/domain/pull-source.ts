import { BangerError } from '#kit/errors.ts';
import { type ImageName, printableName } from '#kit/names.ts';
import { defaultImageName, parseSource } from './image-source.ts';
import type { ArchiveKind } from './ports.ts';
import type { Reference } from './reference.ts';

/**
 * A source as it reaches the service. Paths stay with the caller, who streams what is at them, so only the
 * tag inside an archive is left of those spellings: `oci-archive:TAG`.
 */
export type PullSource =
  | { readonly kind: 'registry'; readonly reference: Reference }
  | { readonly kind: 'bare'; readonly word: string }
  | StreamedSource;

export type StreamedSource = {
  readonly kind: 'streamed';
  readonly format: ArchiveKind | 'tar';
  readonly tag: string | undefined;
};

export function parsePullSource(text: string): PullSource {
  if (text === '-') return { kind: 'streamed', format: 'unknown', tag: undefined };
  const match = /^(oci-archive|docker-archive|tar):(.*)$/s.exec(text);
  if (match !== null) {
    const [, format = '', tag = ''] = match;
    return parseStreamed(text, format as StreamedSource['format'], tag);
  }
  const source = parseSource(text);
  if (source.kind === 'registry' || source.kind === 'bare') return source;
  throw unreadable(text, 'is read by whoever asks; stream it as "oci-archive:"');
}

/** Undefined where the source has no name in it. */
export function nameOfSource(text: string, source: PullSource): ImageName | undefined {
  if (source.kind !== 'streamed') return defaultImageName(parseSource(text));
  const { tag } = source;
  if (tag === undefined || tag === 'latest') return undefined;
  return defaultImageName({ kind: 'bare', word: tag });
}

function parseStreamed(
  text: string,
  format: StreamedSource['format'],
  tag: string,
): StreamedSource {
  if (format === 'tar' && tag !== '') throw unreadable(text, "has a path, which is the caller's");
  if (/^[/.]/.test(tag)) throw unreadable(text, "has a path, which is the caller's to read");
  return { kind: 'streamed', format, tag: tag === '' ? undefined : tag };
}

function unreadable(text: string, why: string): BangerError {
  return new BangerError('INVALID_REFERENCE', `image source "${printableName(text)}" ${why}`);
}
