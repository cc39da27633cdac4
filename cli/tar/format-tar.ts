/** A file, folder or symbolic link for a tar archive; owner and group are root. */
export type TarEntry = {
  /** Relative; bytes, because file systems have names that are no text. */
  path: Buffer;
  type: 'file' | 'folder' | 'link';
  mode: number;
  sizeBytes: number;
  mtimeSeconds: number;
  target?: Buffer;
};

const BLOCK = 512;
const NAME_FIELD = 100;
const TYPES = { file: '0', folder: '5', link: '2' } as const;
/** The largest number that 11 octal digits hold. */
const OCTAL_11 = 8 ** 11 - 1;

/** What stands before the content: a header, and a pax header before it for what does not fit in one (pax(1)). */
export function formatTarHeader(entry: TarEntry): Buffer {
  const { path, target = Buffer.alloc(0), sizeBytes } = entry;
  const records = [
    ...(path.length > NAME_FIELD ? [paxRecord('path', path)] : []),
    ...(target.length > NAME_FIELD ? [paxRecord('linkpath', target)] : []),
    ...(sizeBytes > OCTAL_11 ? [paxRecord('size', Buffer.from(String(sizeBytes)))] : []),
  ];
  const header = formatBlock(entry, TYPES[entry.type]);
  if (records.length === 0) return header;
  const content = Buffer.concat(records);
  const pax = { ...entry, path: Buffer.from('pax'), mode: 0o644, sizeBytes: content.length };
  delete pax.target;
  return Buffer.concat([formatBlock(pax, 'x'), content, tarPadding(content.length), header]);
}

/** What follows a content of this size. */
export function tarPadding(sizeBytes: number): Buffer {
  return Buffer.alloc((BLOCK - (sizeBytes % BLOCK)) % BLOCK);
}

export function tarEnd(): Buffer {
  return Buffer.alloc(2 * BLOCK);
}

function formatBlock(entry: TarEntry, type: string): Buffer {
  const { path, mode, sizeBytes, mtimeSeconds, target } = entry;
  const block = Buffer.alloc(BLOCK);
  path.copy(block, 0, 0, NAME_FIELD);
  block.write(octal(mode, 7), 100, 'latin1');
  block.write(octal(0, 7), 108, 'latin1');
  block.write(octal(0, 7), 116, 'latin1');
  block.write(octal(Math.min(sizeBytes, OCTAL_11), 11), 124, 'latin1');
  block.write(octal(Math.min(Math.max(mtimeSeconds, 0), OCTAL_11), 11), 136, 'latin1');
  block.write(`        ${type}`, 148, 'latin1');
  target?.copy(block, 157, 0, NAME_FIELD);
  block.write('ustar\x0000', 257, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)}\0 `, 148, 'latin1');
  return block;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}

/** The length at the front counts its own digits, so it is found by trying. */
function paxRecord(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')]);
  let length = rest.length + 1;
  while (length !== rest.length + String(length).length) length++;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}
