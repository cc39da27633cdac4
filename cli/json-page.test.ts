import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { HostCheck } from '#proto/banger/v1/info.ts';
import { Operation } from '#proto/banger/v1/operation.ts';
import { ReadVmStatsResponse, Vm } from '#proto/banger/v1/vm.ts';
import { operationToJson } from './commands/operations/operation.ts';
import { rowsOf } from './commands/vm/ports.ts';
import { toJson as statsToJson } from './commands/vm/stats.ts';
import { vmToJson } from './vm/json.ts';
import { portToJson } from './vm/ports.ts';

const PAGE = readFileSync(fileURLToPath(new URL('../docs/json.md', import.meta.url)), 'utf8');

/** The fields that the page lists under a heading: the words in backquotes before a colon or the line's end. */
function documented(heading: string): string[] {
  const section = PAGE.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const lines = section.split('\n').filter((line) => line.startsWith('- '));
  const names = lines.map((line) => line.slice(2).split(':')[0] ?? '');
  return names.flatMap((text) => [...text.matchAll(/`(\w+)`/g)].map(([, name = '']) => name));
}

const at = new Date(0);
const failure = { reason: 'INTERNAL', message: 'x', at };
const vm = Vm.fromPartial({
  name: 'web',
  failure,
  spec: { vcpus: 1 },
  publishedPorts: [{ hostPort: 80, guestPort: 80 }],
  workspace: { guestPath: '/root/repo' },
  createdAt: at,
  startedAt: at,
  lastUsedAt: at,
});
const operation = Operation.fromPartial({ id: 'x', startedAt: at, endedAt: at, failure });
const listening = { protocol: 'PORT_PROTOCOL_TCP', address: '', port: 1, guestPid: 1, process: '' };

/** One of each thing with all that it can have. */
const THINGS: Readonly<Record<string, unknown>> = {
  vm: vmToJson(vm),
  publication: vm.publishedPorts.map(portToJson)[0],
  stats: statsToJson({ vm, stats: ReadVmStatsResponse.fromPartial({ at }) }),
  port: rowsOf(vm, {
    listening: [{ ...listening, protocol: 'PORT_PROTOCOL_TCP' }],
    published: [],
  })[0],
  operation: operationToJson({ service: 'vmd', operation }),
  check: { service: 'vmd', ...HostCheck.fromPartial({}) },
};

for (const [name, thing] of Object.entries(THINGS)) {
  test(`docs/json.md lists the fields of a ${name} and no others`, () => {
    const printed = Object.keys(JSON.parse(JSON.stringify(thing)));
    assert.deepEqual(documented(name).sort(), printed.sort());
  });
}

test('docs/json.md lists the fields of a spec', () => {
  const [, list = ''] = /- `spec`: (.*)/.exec(PAGE) ?? [];
  const printed = Object.keys(Object(vmToJson(vm)).spec);
  assert.deepEqual(list.replaceAll('`', '').split(', ').sort(), printed.sort());
});
