import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Ipv4, Mac } from '#kit/ipv4.ts';
import { parseVmId } from '#kit/names.ts';
import { parseBridgeName } from './names.ts';
import { PACKET_SETS } from './packet-rules.ts';
import {
  addElements,
  deleteElements,
  hasRules,
  isComplete,
  type PacketSets,
  setDnsPort,
  type VmRules,
  vmRulesOf,
} from './vm-rules.ts';

const RULES: VmRules = {
  vmId: parseVmId('aaaaaaaaaaaaaaaa'),
  tapIndex: 3,
  address: '172.30.0.7' as Ipv4,
  mac: '02:00:ac:1e:00:07' as Mac,
  nat: true,
  peers: true,
};
const KEY = 'bgtap-3 . 02:00:ac:1e:00:07 . 172.30.0.7';
const MINE = 'vm aaaaaaaaaaaaaaaa';

function setsOf(elements: Readonly<Record<string, Readonly<Record<string, string>>>>): PacketSets {
  return new Map(PACKET_SETS.map((name) => [name, new Map(Object.entries(elements[name] ?? {}))]));
}

test('what a vm is given carries its id', () => {
  assert.deepEqual(addElements(RULES), [
    `add element bridge banger guests { "bgtap-3" . 02:00:ac:1e:00:07 . 172.30.0.7 comment "${MINE}" }`,
    `add element inet banger nat { 172.30.0.7 comment "${MINE}" }`,
    `add element inet banger peers { 172.30.0.7 comment "${MINE}" }`,
    `add element bridge banger peers { "bgtap-3" comment "${MINE}" }`,
  ]);
  assert.equal(addElements({ ...RULES, nat: false, peers: false }).length, 1);
});

test("what is taken from a vm is its own and nobody else's", () => {
  const sets = setsOf({
    'bridge guests': {
      [KEY]: MINE,
      'bgtap-4 . 02:00:00:00:00:01 . 172.30.0.8': 'vm bbbbbbbbbbbbbbbb',
    },
    'bridge peers': { 'bgtap-3': MINE, 'bgtap-4': '' },
    'inet nat': { '172.30.0.7': MINE, '172.30.0.9': 'by hand' },
  });
  assert.deepEqual(deleteElements(sets, RULES.vmId), [
    'delete element bridge banger guests { "bgtap-3" . 02:00:ac:1e:00:07 . 172.30.0.7 }',
    'delete element bridge banger peers { "bgtap-3" }',
    'delete element inet banger nat { 172.30.0.7 }',
  ]);
});

test('rules are read back as they were given, and what has no owner is not told', () => {
  const sets = setsOf({
    'bridge guests': { [KEY]: MINE, 'bgtap-9 . 02:00:00:00:00:09 . 172.30.0.9': 'by hand' },
    'inet nat': { '172.30.0.7': MINE },
    'inet peers': { '172.30.0.7': 'vm bbbbbbbbbbbbbbbb' },
  });
  assert.deepEqual(vmRulesOf(sets), [{ ...RULES, peers: false }]);
});

test("one bridge's dns is replaced and another's stays", () => {
  const sets = setsOf({
    'inet dns_ports': {
      'br-banger . 53': 'bridge br-banger',
      'br-banger-x . 54': 'bridge br-banger-x',
    },
  });
  const bridge = parseBridgeName('br-banger');
  assert.deepEqual(setDnsPort(sets, bridge, 53), []);
  assert.deepEqual(setDnsPort(sets, bridge, 42_053), [
    'delete element inet banger dns_ports { "br-banger" . 53 }',
    'delete element inet banger dns { "br-banger" . 53 }',
    'add element inet banger dns_ports { "br-banger" . 42053 comment "bridge br-banger" }',
    'add element inet banger dns { "br-banger" . 53 comment "bridge br-banger" : 42053 }',
  ]);
});

test('a table that lacks a set is incomplete', () => {
  const sets = setsOf({});
  assert.ok(isComplete(sets));
  assert.ok(!isComplete(new Map([...sets].slice(1))));
});

test('a vm has rules when all of its elements are there and no other is', () => {
  const right = { 'bridge guests': { [KEY]: MINE }, 'inet nat': { '172.30.0.7': MINE } };
  const rules = { ...RULES, peers: false };
  assert.ok(hasRules(setsOf(right), rules));
  assert.ok(!hasRules(setsOf(right), RULES));
  assert.ok(!hasRules(setsOf({ 'bridge guests': { [KEY]: MINE } }), rules));
  assert.ok(!hasRules(setsOf({ ...right, 'bridge peers': { 'bgtap-3': MINE } }), rules));
  assert.ok(!hasRules(setsOf({}), rules));
});
