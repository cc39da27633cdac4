import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Input } from '../command.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../output/error.ts';
import { readRunWorkspace } from './run-workspace.ts';
import { makeRepository } from './testing/git-repository.ts';

type Asked = { path?: string; nat?: boolean; rest?: string[]; options?: Input['options'] };

function read({ path, nat = false, rest, options = {} }: Asked) {
  const context = { cwd: '/', signal: new AbortController().signal } as Context;
  const input = { arguments: [path], options, rest };
  return readRunWorkspace(context, input, { command: 'banger vm run', nat });
}

const refuses = (message: RegExp) => (error: unknown) =>
  error instanceof UsageError && message.test(error.message);

for (const file of ['.mise.toml', 'mise.toml', '.tool-versions']) {
  test(`tools that ${file} names need a way to the outside, or to be left out`, async (t) => {
    const { root: path } = makeRepository(t, { [file]: 'node 24\n' });
    const why = refuses(
      new RegExp(`"repo" names its tools in ${file}, .*--nat, or --no-bootstrap`),
    );
    await assert.rejects(read({ path }), why);
    assert.ok(await read({ path, nat: true }));
    assert.ok(await read({ path, options: { bootstrap: false } }));
    // A command runs with what the image has.
    assert.ok(await read({ path, rest: ['make'] }));
  });
}

test('a file of tools that git does not know asks for nothing', async (t) => {
  const { root: path, write } = makeRepository(t, { 'sub/mise.toml': '' });
  write('.mise.toml', '');
  assert.ok(await read({ path }));
});

test('options about a repository are refused where none is named', async () => {
  const options = { includeUntracked: true };
  await assert.rejects(read({ options }), refuses(/--include-untracked is about a repository/));
  assert.equal(await read({}), undefined);
});
