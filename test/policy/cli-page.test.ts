import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkCliPage } from './cli-page.ts';
import { treeOf } from './tree.ts';

const COMMANDS = [
  { name: 'vm', commands: [{ name: 'list' }, { name: 'stop' }] },
  { name: 'version' },
  { name: 'complete', hidden: true },
];
const PAGE = '## banger vm\n### `banger vm list`\n### banger vm stop\n## banger version\n';
const check = (page: string) => checkCliPage(treeOf({ 'docs/cli.md': page }), COMMANDS);

test('a page with a heading for each command and its group passes', () => {
  assert.deepEqual(check(PAGE), []);
});

test('a command that the page lacks is refused', () => {
  assert.deepEqual(check(PAGE.replace('### banger vm stop\n', '')), [
    'docs/cli.md: has no heading for "banger vm stop"',
  ]);
});

test('a command without any page is refused', () => {
  assert.deepEqual(checkCliPage(treeOf({}), COMMANDS), ['docs/cli.md: is missing']);
});

test('a heading for what is no command is refused', () => {
  assert.deepEqual(check(`${PAGE}### banger vm sto\n`), [
    'docs/cli.md: there is no command "banger vm sto"',
  ]);
});
