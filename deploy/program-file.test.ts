import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatProgram, readProgram } from './program-file.ts';

test('what was put into a program file comes out of it, whatever its length', () => {
  for (const source of ['', 'f()', 'f(12345)', 'f(123456)']) {
    const code = Buffer.from([1, 2, 3]);
    assert.deepEqual(readProgram(formatProgram({ source, code })), { source, code });
  }
});

test('the code begins where V8 can use it without copying it', () => {
  for (const source of ['', 'f()', 'f(12345)', 'f(123456)']) {
    const { code } = readProgram(formatProgram({ source, code: Buffer.from([1]) }));
    assert.equal(code.byteOffset % 8, 0);
  }
});
