export type TarMember = {
  readonly name: string;
  readonly content?: Buffer;
  /** "0" for a file, "2" for a symbolic link, "x" for a PAX header, and so on. */
  readonly type?: string;
  readonly link?: string;
  readonly mode?: number;
  /** A size other than that of the content. */
  readonly sizeBytes?: number;
};

/** A tar of exactly these members, hostile ones included, which tar programs would not write. */
export function makeTar(members: readonly TarMember[]): Buffer {
  return Buffer.concat([...members.map(toBlocks), Buffer.alloc(1024)]);
}

function toBlocks({ name, content = Buffer.alloc(0), ...member }: TarMember): Buffer {
  const { type = '0', link = '', mode = 0o644, sizeBytes = content.length } = member;
  const header = Buffer.alloc(512);
  header.write(name, 0, 100);
  header.write(`${mode.toString(8).padStart(7, '0')}\0`, 100);
  header.write(`${sizeBytes.toString(8).padStart(11, '0')}\0`, 124);
  header.write('        ', 148);
  header.write(type, 156);
  header.write(link, 157, 100);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}
