import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { openNftables } from './nftables.ts';
import { failsWith } from './testing/fails-with.ts';
import { inOwnNamespaces, prepareNamespaces } from './testing/own-namespaces.ts';

inOwnNamespaces(import.meta.url, () => {
  const nft = openNftables();
  const elementsOf = (set: string) =>
    (nft.list(`set inet mine ${set}`) as { nftables: { set?: { elem?: string[] } }[] }).nftables
      .flatMap(({ set: found }) => found?.elem ?? [])
      .sort();

  before(async () => {
    await prepareNamespaces();
    nft.change('add table inet mine\nadd set inet mine hosts { type ipv4_addr; }');
  });

  test('a change of many lines is made and listed', () => {
    nft.change(
      'add element inet mine hosts { 10.0.0.1 }\nadd element inet mine hosts { 10.0.0.2 }',
    );
    assert.deepEqual(elementsOf('hosts'), ['10.0.0.1', '10.0.0.2']);
  });

  test('when one line fails, nothing is changed, and the error says why', () => {
    const before = elementsOf('hosts');
    const script =
      'add element inet mine hosts { 10.0.0.3 }\ndelete element inet mine hosts { 10.0.0.9 }';
    assert.throws(() => nft.change(script), failsWith('COMMAND_FAILED', /No such file/));
    assert.deepEqual(elementsOf('hosts'), before);
  });

  test('what is no command is refused', () => {
    assert.throws(() => nft.change('nonsense'), failsWith('COMMAND_FAILED', /syntax error/));
    assert.throws(() => nft.list('table inet none'), failsWith('COMMAND_FAILED', /No such file/));
  });

  test('a thousand changes and listings keep no memory', () => {
    const turn = (count: number) => {
      for (let index = 0; index < count; index++) {
        nft.change('add element inet mine hosts { 10.0.0.1 }');
        nft.list('table inet mine');
      }
    };
    turn(500);
    const before = process.memoryUsage.rss();
    turn(1000);
    assert.ok(process.memoryUsage.rss() - before < 30 * 2 ** 20);
  });
});
