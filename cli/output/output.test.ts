import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { createOutput, type Output, type OutputOptions } from './output.ts';
import type { Table } from './table.ts';

type Thing = { id: string; name: string };
const THINGS = [
  { id: 'a1', name: 'web' },
  { id: 'b2', name: 'db' },
];
const TABLE: Table<Thing> = [{ title: 'NAME', text: ({ name }) => name }];
const toJson = (thing: Thing) => thing;
const nameOf = ({ name }: Thing) => name;

/** What is written to both streams. */
async function written(options: Partial<OutputOptions>, work: (out: Output) => void) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()] as unknown as [
    NodeJS.WriteStream,
    NodeJS.WriteStream,
  ];
  work(createOutput({ stdout, stderr }, { json: false, quiet: false, color: false, ...options }));
  stdout.end();
  stderr.end();
  const [printed, said] = await Promise.all([text(stdout), text(stderr)]);
  return { printed, said };
}

const table = (options: Partial<OutputOptions>, things = THINGS) =>
  written(options, (out) => out.rows(things, TABLE, toJson, 'nothing yet'));
const lines = (options: Partial<OutputOptions>) =>
  written(options, (out) => out.lines(THINGS, toJson, nameOf));
const one = (options: Partial<OutputOptions>, thing: unknown = THINGS[0]) =>
  written(options, (out) => out.result(thing, () => 'words'));

test('quiet is ids alone, for a table, for lines and for one thing', async () => {
  for (const print of [table, lines]) {
    assert.deepEqual(await print({ quiet: true }), { printed: 'a1\nb2\n', said: '' });
  }
  assert.equal((await one({ quiet: true })).printed, 'a1\n');
  assert.equal((await one({ quiet: true }, { version: 1 })).printed, 'words\n');
});

test('fields and JSON are the same for a table, for lines and for one thing, quiet or not', async () => {
  const format = ['name', 'id'];
  for (const quiet of [false, true]) {
    for (const print of [table, lines]) {
      assert.equal((await print({ format, quiet })).printed, 'web\ta1\ndb\tb2\n');
      assert.deepEqual(JSON.parse((await print({ json: true, quiet })).printed), THINGS);
    }
    assert.equal((await one({ format, quiet })).printed, 'web\ta1\n');
    assert.deepEqual(JSON.parse((await one({ json: true, quiet })).printed), THINGS[0]);
  }
});

test('where there is nothing, people get a remark and programs get nothing', async () => {
  assert.deepEqual(await table({}, []), { printed: '', said: 'nothing yet\n' });
  assert.deepEqual(await table({ quiet: true }, []), { printed: '', said: '' });
  assert.deepEqual(await table({ format: ['name'] }, []), { printed: '', said: '' });
  assert.deepEqual(await table({ json: true }, []), { printed: '[]\n', said: '' });
});
