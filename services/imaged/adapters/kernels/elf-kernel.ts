import { corrupt } from '../../domain/corrupt.ts';

/** What an ELF kernel says of itself. */
export type ElfKernel = {
  /** What `uname -r` will say. */
  readonly release: string;
  /** VMMs that can start it. */
  readonly drivers: readonly string[];
};

const ELF_MAGIC = 0x464c457f;
const ELF_HEADER_BYTES = 64;
const BANNER = 'Linux version ';
const PT_NOTE = 4;
/** XEN_ELFNOTE_PHYS32_ENTRY: where QEMU enters an ELF kernel (xen/include/public/elfnote.h). */
const PVH_ENTRY = 18;
/** A kernel has five segments, and some hundred bytes of notes; what lies behind these bounds is not looked at. */
const SEGMENTS = 64;
const NOTES_BYTES = 64 * 1024;

export function isElf(file: Buffer): boolean {
  return file.length >= ELF_HEADER_BYTES && file.readUInt32LE(0) === ELF_MAGIC;
}

export function readElfKernel(kernel: Buffer): ElfKernel {
  if (!isElf(kernel)) throw corrupt('is no ELF kernel');
  return {
    release: readRelease(kernel),
    drivers: hasPvhEntry(kernel) ? ['qemu', 'firecracker'] : ['firecracker'],
  };
}

/** The banner is the same text that /proc/version has; format strings that begin like it name no release. */
function readRelease(kernel: Buffer): string {
  for (let at = kernel.indexOf(BANNER); at !== -1; at = kernel.indexOf(BANNER, at + 1)) {
    const text = kernel.toString('latin1', at + BANNER.length, at + BANNER.length + 128);
    const release = /^(\d[\w.+~-]*) \(/.exec(text)?.[1];
    if (release !== undefined) return release;
  }
  throw corrupt('is no Linux kernel: it names no version');
}

/** Of an ELF file of 64 bits, elf(5). What points outside of the file counts as not there. */
function hasPvhEntry(kernel: Buffer): boolean {
  const table = Number(kernel.readBigUInt64LE(32));
  const entryBytes = kernel.readUInt16LE(54);
  const entries = Math.min(kernel.readUInt16LE(56), SEGMENTS);
  for (let index = 0; index < entries; index += 1) {
    const header = kernel.subarray(table + index * entryBytes, table + (index + 1) * entryBytes);
    if (header.length < 56 || header.readUInt32LE(0) !== PT_NOTE) continue;
    const start = Number(header.readBigUInt64LE(8));
    const bytes = Math.min(Number(header.readBigUInt64LE(32)), NOTES_BYTES);
    if (holdsPvhNote(kernel.subarray(start, start + bytes))) return true;
  }
  return false;
}

function holdsPvhNote(notes: Buffer): boolean {
  for (let at = 0; at + 12 <= notes.length; ) {
    const [nameBytes, textBytes] = [notes.readUInt32LE(at), notes.readUInt32LE(at + 4)];
    const isXen = nameBytes === 4 && notes.toString('latin1', at + 12, at + 16) === 'Xen\0';
    if (isXen && notes.readUInt32LE(at + 8) === PVH_ENTRY) return true;
    at += 12 + padded(nameBytes) + padded(textBytes);
  }
  return false;
}

function padded(bytes: number): number {
  return Math.ceil(bytes / 4) * 4;
}
