import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { readDescriptorSet } from './descriptor-set.ts';

/** A message of fields that are texts or messages themselves; the numbers are those of descriptor.proto. */
function encode(...fields: [number, string | Uint8Array][]): Uint8Array {
  const writer = new BinaryWriter();
  for (const [field, value] of fields) {
    writer.tag(field, 2);
    if (typeof value === 'string') writer.string(value);
    else writer.bytes(value);
  }
  return writer.finish();
}

test('of each file its name, imports and symbols are read, and its bytes kept', () => {
  const file = encode(
    [1, 'a/b.proto'],
    [2, 'a'],
    [3, 'c.proto'],
    [3, 'd.proto'],
    [4, encode([1, 'Message'])],
    [5, encode([1, 'Enum'])],
    [6, encode([1, 'Service'])],
    [12, 'proto3'],
  );
  const [found] = readDescriptorSet(encode([1, file]));
  assert.deepEqual(found?.name, 'a/b.proto');
  assert.deepEqual(found?.imports, ['c.proto', 'd.proto']);
  assert.deepEqual(found?.symbols, ['a.Message', 'a.Enum', 'a.Service']);
  assert.deepEqual(found?.bytes, Buffer.from(file));
});

test('fields that are not needed are passed over, whatever their kind', () => {
  const writer = new BinaryWriter();
  writer.tag(1, 2).string('a.proto');
  writer.tag(10, 0).uint32(7);
  writer.tag(99, 5).fixed32(1);
  assert.equal(readDescriptorSet(encode([1, writer.finish()]))[0]?.name, 'a.proto');
});

test('an empty set has no files, and one that is cut off is an error', () => {
  assert.deepEqual(readDescriptorSet(Buffer.alloc(0)), []);
  assert.throws(() => readDescriptorSet(Buffer.of(0x0a, 0x10, 0x01)));
});
