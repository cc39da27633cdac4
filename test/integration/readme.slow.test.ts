import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { programRoot } from '#kit/program.ts';
import { needsMountNamespace } from './needs.ts';
import { openRootUser } from './root-user.ts';

const README = readFileSync(join(programRoot(), 'README.md'), 'utf8');

/** What stands in blocks marked "sh" runs as written; those marked "text" show what cannot run here. */
const script = [...README.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, lines]) => lines).join('');

test('every command of README runs as written, in its order', {
  skip: needsMountNamespace,
}, async (t) => {
  const root = await openRootUser(t, { sharesNetwork: true });
  const shown = await root.run('sh', '-euc', `cd "$0"; exec 2>&1; ${script}`, programRoot());
  assert.match(script, /vm run .*uname -a/);
  assert.match(shown, /Linux .* x86_64/);
  assert.match(script, /echo hello .*index\.html/);
  assert.match(shown, /^hello$/m);
});

test('the first command of README is the whole set-up and the first machine', () => {
  const [first] = script.split('\n');
  assert.match(first ?? '', /^\.\/banger setup --yes && \.\/banger vm run .*uname -a$/);
});
