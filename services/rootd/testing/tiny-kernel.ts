/**
 * A guest kernel of a few bytes: writes a line to the serial port, waits, and begins again. It is an ELF file with the note by
 * which QEMU boots a kernel directly (PVH: name "Xen", type 18, 32-bit entry point; see
 * xen/include/public/elfnote.h), so that a real VMM can be tested without fetching a kernel.
 */
export function tinyKernel(greeting: string): Buffer {
  const text = Buffer.from(`${greeting}\r\n\0`, 'latin1');
  const code = codeThatPrints(LOAD_ADDRESS + HEADERS_BYTES + CODE_BYTES);
  const content = Buffer.concat([code, Buffer.alloc(CODE_BYTES - code.length, HALT), text]);
  const note = pvhNote(LOAD_ADDRESS + HEADERS_BYTES);
  const noteAt = HEADERS_BYTES + content.length;
  return Buffer.concat([
    elfHeader(),
    programHeader(PT_LOAD, 0, LOAD_ADDRESS, noteAt),
    programHeader(PT_NOTE, noteAt, 0, note.length),
    content,
    note,
  ]);
}

const LOAD_ADDRESS = 0x10_0000;
const ELF_HEADER_BYTES = 52;
const PROGRAM_HEADER_BYTES = 32;
const HEADERS_BYTES = ELF_HEADER_BYTES + 2 * PROGRAM_HEADER_BYTES;
const CODE_BYTES = 32;
const HALT = 0xf4;
const PT_LOAD = 1;
const PT_NOTE = 4;

function codeThatPrints(textAddress: number): Buffer {
  const at = Buffer.alloc(4);
  at.writeUInt32LE(textAddress);
  return Buffer.from([
    ...[0x66, 0xba, 0xf8, 0x03], // mov dx, 0x3f8
    ...[0xbe, ...at], // again: mov esi, text
    0xac, // next: lodsb
    ...[0x84, 0xc0], // test al, al
    ...[0x74, 0x03], // jz wait
    0xee, // out dx, al
    ...[0xeb, 0xf8], // jmp next
    ...[0xb9, 0x00, 0x00, 0x00, 0x02], // wait: mov ecx, 2^25
    ...[0xe2, 0xfe], // loop here
    ...[0xeb, 0xea], // jmp again
  ]);
}

function elfHeader(): Buffer {
  const header = Buffer.alloc(ELF_HEADER_BYTES);
  header.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]); // 32 bits, little-endian
  header.writeUInt16LE(2, 16); // an executable
  header.writeUInt16LE(3, 18); // for i386
  header.writeUInt32LE(1, 20);
  header.writeUInt32LE(LOAD_ADDRESS + HEADERS_BYTES, 24); // entry
  header.writeUInt32LE(ELF_HEADER_BYTES, 28); // program headers begin
  header.writeUInt16LE(ELF_HEADER_BYTES, 40);
  header.writeUInt16LE(PROGRAM_HEADER_BYTES, 42);
  header.writeUInt16LE(2, 44); // program headers
  return header;
}

function programHeader(type: number, offset: number, address: number, size: number): Buffer {
  const header = Buffer.alloc(PROGRAM_HEADER_BYTES);
  const fields = [type, offset, address, address, size, size, 7, 4];
  for (const [index, field] of fields.entries()) header.writeUInt32LE(field, index * 4);
  return header;
}

function pvhNote(entry: number): Buffer {
  const note = Buffer.alloc(20);
  note.writeUInt32LE(4, 0); // length of the name
  note.writeUInt32LE(4, 4); // length of the content
  note.writeUInt32LE(18, 8); // XEN_ELFNOTE_PHYS32_ENTRY
  note.write('Xen\0', 12, 'latin1');
  note.writeUInt32LE(entry, 16);
  return note;
}
