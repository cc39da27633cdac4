import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COMMANDS } from './commands/index.ts';
import { UsageError } from './output/error.ts';
import { parseCommandLine } from './parse.ts';

function refuses(words: readonly string[], message: RegExp): Promise<void> {
  const isRefusal = (error: unknown) => error instanceof UsageError && message.test(error.message);
  return assert.rejects(parseCommandLine(COMMANDS, words), isRefusal);
}

test('an option with an empty value, as of a variable that is not set, is refused by its name', async () => {
  await refuses(['vm', 'create', '--name='], /option '--name <name>' is given an empty value/);
  await refuses(['vm', 'run', '--image', '', '--', 'true'], /option '--image <image>'/);
  const parsed = await parseCommandLine(COMMANDS, ['vm', 'create', '--name', 'web']);
  assert.ok(parsed.kind === 'run');
  assert.equal(parsed.input.options.name, 'web');
});

test('a mistyped verb is answered with the nearest one', async () => {
  await refuses(['vm', 'lst'], /no command "banger vm lst"; did you mean "banger vm list"\?/);
});

test('words behind "--" are nobody else’s', async () => {
  const parsed = await parseCommandLine(COMMANDS, ['vm', 'run', '--', 'ls', '--name=']);
  assert.ok(parsed.kind === 'run');
  assert.deepEqual(parsed.input.rest, ['ls', '--name=']);
  await refuses(['vm', 'list', '--', 'ls'], /nothing may follow "--" here/);
});
