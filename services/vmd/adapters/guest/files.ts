import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GuestReadable, GuestWritable } from './byte-streams.ts';
import { FieldReader, FieldWriter } from './fields.ts';
import type {
  CallOptions,
  GuestArchive,
  GuestFile,
  PackOptions,
  TransferTotals,
  UnpackOptions,
} from './guest.ts';
import type { GuestStream } from './guest-stream.ts';
import {
  CHANNEL_OUT,
  OP,
  PACK_ONE_FILE_SYSTEM,
  STAT_FOLLOW,
  UNPACK_CREATE_FOLDER,
  UNPACK_SET_OWNER,
} from './protocol.ts';
import { readRecords } from './records.ts';
import { checkRequestSize, type Session } from './session.ts';

const ARCHIVE_WINDOW = 1_048_576;
const LIST_WINDOW = 131_072;

export async function unpack(
  session: Session,
  folder: string,
  archive: AsyncIterable<Buffer>,
  options: CallOptions & UnpackOptions = {},
): Promise<TransferTotals> {
  const { owner } = options;
  const flags = (options.createFolder ? UNPACK_CREATE_FOLDER : 0) | (owner ? UNPACK_SET_OWNER : 0);
  const fields = new FieldWriter()
    .u8(flags)
    .u32(owner?.uid ?? 0)
    .u32(owner?.gid ?? 0)
    .text(folder);
  const stream = session.open(OP.UNPACK, fields.build(), options.signal);
  const [totals] = await Promise.all([stream.result.then(readTotals), send(archive, stream)]);
  return totals;
}

async function send(archive: AsyncIterable<Buffer>, stream: GuestStream): Promise<void> {
  try {
    await pipeline(Readable.from(archive), new GuestWritable(stream.outflow));
  } catch (error) {
    /* A guest that refuses the archive stops reading it; then its own reason counts. */
    if (!stream.outflow.stopped) stream.cancel(error);
  }
}

export function pack(
  session: Session,
  folder: string,
  options: CallOptions & PackOptions = {},
): GuestArchive {
  const fields = new FieldWriter()
    .u8(options.oneFileSystem ? PACK_ONE_FILE_SYSTEM : 0)
    .u32(ARCHIVE_WINDOW)
    .text(folder)
    .texts(options.names ?? []);
  const request = session.open(OP.PACK, checkRequestSize(fields.build()), options.signal);
  const stream = new GuestReadable(request.inflow(CHANNEL_OUT, ARCHIVE_WINDOW));
  const totals = request.result.then(readTotals);
  totals.catch(() => undefined);
  return { stream, totals };
}

export async function stat(
  session: Session,
  path: string,
  options: CallOptions & { follow?: boolean } = {},
): Promise<GuestFile> {
  const fields = new FieldWriter().u8(options.follow ? STAT_FOLLOW : 0).text(path);
  const stream = session.open(OP.STAT, fields.build(), options.signal);
  return readFile(new FieldReader(await stream.result));
}

export async function* list(
  session: Session,
  path: string | Buffer,
  options: CallOptions = {},
): AsyncGenerator<GuestFile & { name: Buffer }> {
  const fields = new FieldWriter().u32(LIST_WINDOW).text(path);
  yield* readFiles(session.open(OP.LIST, fields.build(), options.signal), LIST_WINDOW);
}

/** Names are paths below the folder; a folder comes before what is in it. */
export async function* listTree(
  session: Session,
  path: string | Buffer,
  options: CallOptions & { skipped?: string } = {},
): AsyncGenerator<GuestFile & { name: Buffer }> {
  const fields = new FieldWriter()
    .u32(ARCHIVE_WINDOW)
    .text(path)
    .text(options.skipped ?? '');
  yield* readFiles(session.open(OP.LIST_TREE, fields.build(), options.signal), ARCHIVE_WINDOW);
}

async function* readFiles(stream: GuestStream, windowBytes: number) {
  const output = new GuestReadable(stream.inflow(CHANNEL_OUT, windowBytes));
  for await (const record of readRecords(output)) {
    const name = Buffer.from(record.bytes());
    yield { name, ...readFile(record) };
  }
  await stream.result;
}

function readTotals(payload: Buffer): TransferTotals {
  const fields = new FieldReader(payload);
  return { entries: fields.u64(), bytes: fields.u64() };
}

function readFile(fields: FieldReader): GuestFile {
  return {
    mode: fields.u32(),
    uid: fields.u32(),
    gid: fields.u32(),
    links: fields.u32(),
    sizeBytes: fields.u64(),
    mtimeSeconds: fields.i64(),
    mtimeNanoseconds: fields.u32(),
    ctimeSeconds: fields.i64(),
    ctimeNanoseconds: fields.u32(),
    deviceMajor: fields.u32(),
    deviceMinor: fields.u32(),
    target: Buffer.from(fields.bytes()),
  };
}
