import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

/** One .proto file of a descriptor set: its bytes for whoever asks, and the little that is needed to find it. */
export type DescribedFile = {
  name: string;
  imports: string[];
  /** Full names of its messages, enums and services. */
  symbols: string[];
  bytes: Buffer;
};

/**
 * Reads a google.protobuf.FileDescriptorSet as far as reflection needs it. Field numbers are those of
 * descriptor.proto; generated code for that file would be twenty times the size of all of ours.
 */
export function readDescriptorSet(set: Uint8Array): DescribedFile[] {
  return fieldsOf(set)
    .filter(({ field }) => field === 1)
    .map(({ bytes }) => readFile(bytes));
}

function readFile(bytes: Buffer): DescribedFile {
  const fields = fieldsOf(bytes);
  const texts = (number: number) =>
    fields.filter(({ field }) => field === number).map((field) => field.bytes.toString());
  const package_ = texts(2)[0] ?? '';
  const MESSAGE_ENUM_SERVICE = [4, 5, 6];
  const symbols = fields
    .filter(({ field }) => MESSAGE_ENUM_SERVICE.includes(field))
    .map((field) => `${package_}.${firstText(field.bytes)}`);
  return { name: texts(1)[0] ?? '', imports: texts(3), symbols, bytes };
}

function firstText(bytes: Buffer): string {
  return (
    fieldsOf(bytes)
      .find(({ field }) => field === 1)
      ?.bytes.toString() ?? ''
  );
}

function fieldsOf(bytes: Uint8Array): { field: number; bytes: Buffer }[] {
  const reader = new BinaryReader(bytes);
  const fields: { field: number; bytes: Buffer }[] = [];
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (wireType === WireType.LengthDelimited) {
      fields.push({ field, bytes: Buffer.from(reader.bytes()) });
    } else {
      reader.skip(wireType, field);
    }
  }
  return fields;
}
