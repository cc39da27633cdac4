/** Builds tar archives byte by byte, the malformed ones included that no tool would write. */
export type TarSpec = {
  path?: string;
  type?: string;
  content?: string | Buffer;
  linkTarget?: string;
  mode?: number;
  uid?: number;
  gid?: number;
  mtime?: number;
  device?: [major: number, minor: number];
  magic?: 'v7' | 'ustar' | 'gnu';
  prefix?: string;
  /** Replaces the true size in the header. */
  size?: number;
  /** A PAX header in front of the entry. Pairs, because a hostile one may say a thing twice. */
  pax?: readonly (readonly [key: string, value: string | Buffer])[];
  /** The last word on the header block; the checksum is made afterwards. */
  patch?: (block: Buffer) => void;
};

const MAGICS = { v7: '', ustar: 'ustar\x0000', gnu: 'ustar  \0' };

export function buildTar(...specs: TarSpec[]): Buffer {
  return Buffer.concat([...specs.map(buildEntry), Buffer.alloc(1024)]);
}

/** An entry without the archive around it. */
export function buildEntry(spec: TarSpec): Buffer {
  const content = Buffer.from(spec.content ?? '');
  const entry = Buffer.concat([buildHeader(spec, content.length), padded(content)]);
  if (spec.pax === undefined) return entry;
  return Buffer.concat([buildEntry({ path: 'pax', type: 'x', content: paxData(spec.pax) }), entry]);
}

/** GNU tar's entry that carries the name (`L`) or link target (`K`) of the one after it. */
export function longName(type: 'L' | 'K', name: string): TarSpec {
  return { path: '././@LongLink', type, magic: 'gnu', content: Buffer.from(`${name}\0`, 'latin1') };
}

export function paxData(records: NonNullable<TarSpec['pax']>): Buffer {
  return Buffer.concat(records.map(([key, value]) => paxRecord(key, value)));
}

/** The length counts its own digits, so it is found by trying. */
function paxRecord(key: string, value: string | Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`, 'latin1'), Buffer.from(value)]);
  let length = rest.length + 2;
  while (length !== rest.length + 1 + String(length).length) length++;
  return Buffer.concat([Buffer.from(String(length)), rest, Buffer.from('\n')]);
}

function buildHeader(spec: TarSpec, contentBytes: number): Buffer {
  const block = Buffer.alloc(512);
  block.write(spec.path ?? 'file', 0, 100, 'latin1');
  writeOctal(block, 100, 8, spec.mode ?? 0o644);
  writeOctal(block, 108, 8, spec.uid ?? 0);
  writeOctal(block, 116, 8, spec.gid ?? 0);
  writeOctal(block, 124, 12, spec.size ?? contentBytes);
  writeOctal(block, 136, 12, spec.mtime ?? 0);
  block.write(spec.type ?? '0', 156, 1, 'latin1');
  block.write(spec.linkTarget ?? '', 157, 100, 'latin1');
  block.write(MAGICS[spec.magic ?? 'ustar'], 257, 8, 'latin1');
  writeOctal(block, 329, 8, spec.device?.[0] ?? 0);
  writeOctal(block, 337, 8, spec.device?.[1] ?? 0);
  block.write(spec.prefix ?? '', 345, 155, 'latin1');
  spec.patch?.(block);
  return withChecksum(block);
}

export function withChecksum(block: Buffer): Buffer {
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 8, 'latin1');
  return block;
}

export function writeOctal(block: Buffer, start: number, length: number, value: number): void {
  block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, start, length, 'latin1');
}

export function padded(content: Buffer): Buffer {
  return Buffer.concat([content, Buffer.alloc(-content.length & 511)]);
}
