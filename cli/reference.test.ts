import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { COMMANDS } from './commands/index.ts';
import { formatReference, REFERENCE_FILE } from './reference.ts';

test('docs/cli.md says what the commands say of themselves', async () => {
  const expected = await formatReference(COMMANDS);
  assert.equal(readFileSync(REFERENCE_FILE, 'utf8'), expected, 'write it again with: npm run docs');
});
