import { makeTar } from './tar-bytes.ts';

export type ElfOptions = {
  readonly release?: string;
  /** Whether it has the entry point that QEMU needs. */
  readonly hasPvh?: boolean;
  readonly size?: number;
};

/** An ELF file that is a Linux kernel by all that can be seen from outside. */
export function makeElfKernel({
  release = '6.1.0-test',
  hasPvh = true,
  size = 0,
}: ElfOptions = {}) {
  const header = Buffer.alloc(64);
  header.write('\x7fELF', 'latin1');
  header.writeBigUInt64LE(64n, 32);
  header.writeUInt16LE(56, 54);
  header.writeUInt16LE(1, 56);
  const note = makeNote('Xen', hasPvh ? 18 : 6);
  const segment = Buffer.alloc(56);
  segment.writeUInt32LE(4, 0);
  segment.writeBigUInt64LE(120n, 8);
  segment.writeBigUInt64LE(BigInt(note.length), 32);
  const banner = `Linux version %s (%s)\n\0Linux version ${release} (banger@banger) (gcc)\n\0`;
  return Buffer.concat([header, segment, note, Buffer.from(banner), Buffer.alloc(size)]);
}

function makeNote(name: string, type: number): Buffer {
  const note = Buffer.alloc(24);
  note.writeUInt32LE(name.length + 1, 0);
  note.writeUInt32LE(8, 4);
  note.writeUInt32LE(type, 8);
  note.write(name, 12);
  return note;
}

/** The same as an archive that can be imported. */
export function kernelTar(release = '6.1.0-test'): Buffer {
  return makeTar([{ name: 'vmlinux', content: makeElfKernel({ release }) }]);
}
