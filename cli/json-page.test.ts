import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import type { WriteStream } from 'node:tty';
import { fileURLToPath } from 'node:url';
import { createLog } from '#kit/log.ts';
import { localPaths } from '#kit/paths.ts';
import {
  AvailableImage,
  GetImageCacheResponse,
  Image,
  ImageConfig,
  PruneImageCacheResponse,
} from '#proto/banger/v1/image.ts';
import { GetInfoResponse, HostCheck } from '#proto/banger/v1/info.ts';
import { AvailableKernel, Kernel } from '#proto/banger/v1/kernel.ts';
import { GetNetworkStatusResponse, Lease } from '#proto/banger/v1/network.ts';
import { Operation } from '#proto/banger/v1/operation.ts';
import { ReadVmStatsResponse, Vm } from '#proto/banger/v1/vm.ts';
import { type Command, type CommandTable, isGroup } from './command.ts';
import { show as showConfig } from './commands/config/show.ts';
import { type Look, toJson as serviceToJson } from './commands/daemon/status.ts';
import { COMMANDS } from './commands/index.ts';
import { toJson as networkToJson } from './commands/net/status.ts';
import { operationToJson } from './commands/operations/operation.ts';
import { toJson as setupToJson } from './commands/setup.ts';
import { version } from './commands/version.ts';
import { rowsOf } from './commands/vm/ports.ts';
import { toJson as statsToJson } from './commands/vm/stats.ts';
import type { Context } from './context.ts';
import { createOutput } from './output/output.ts';
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
  workspace: { guestPath: '/root/repo', preparedAt: at },
  createdAt: at,
  startedAt: at,
  lastUsedAt: at,
});
const operation = Operation.fromPartial({ id: 'x', startedAt: at, endedAt: at, failure });
const listening = { protocol: 'PORT_PROTOCOL_TCP', address: '', port: 1, guestPid: 1, process: '' };

const shown = { modes: [{}], bridge: {}, dns: {}, disagreements: [] };
const network = GetNetworkStatusResponse.fromPartial(shown);
const info = GetInfoResponse.fromPartial({ startedAt: at });
const look: Look = { service: 'vmd', state: 'healthy', socket: '', why: 'x', info };

/** What a command that asks no service prints. */
async function printedBy(command: Command): Promise<unknown> {
  const written: string[] = [];
  const stdout = Object.assign(new PassThrough(), { isTTY: false }) as unknown as WriteStream;
  stdout.on('data', (data) => written.push(String(data)));
  const options = { json: true, quiet: false, color: false };
  const out = createOutput({ stdout, stderr: stdout }, options);
  const paths = localPaths({ HOME: '/nowhere' }, 1000);
  const context = { out, paths } as unknown as Context;
  await command.run(context, { arguments: [], options: {}, rest: undefined });
  return JSON.parse(written.join(''));
}

/** One line of a log, as a service writes it. */
function logLine(): unknown {
  const lines: string[] = [];
  const fields = { service: 'vmd' };
  const write = (line: string) => void lines.push(line);
  createLog({ level: 'info', write, now: () => at, fields }).info('service ready');
  return JSON.parse(lines.join(''));
}

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
  image: Image.fromPartial({ createdAt: at, config: {} }),
  'available image': AvailableImage.fromPartial({}),
  cache: GetImageCacheResponse.fromPartial({}),
  'pruned cache': PruneImageCacheResponse.fromPartial({}),
  kernel: Kernel.fromPartial({ createdAt: at }),
  'available kernel': AvailableKernel.fromPartial({}),
  network: networkToJson(network, []),
  lease: Lease.fromPartial({}),
  service: serviceToJson(look),
  'log line': logLine(),
  configuration: await printedBy(showConfig),
  setup: setupToJson([], [], false),
  version: await printedBy(version),
  check: { service: 'vmd', ...HostCheck.fromPartial({}) },
};

for (const [name, thing] of Object.entries(THINGS)) {
  test(`docs/json.md lists the fields of a ${name} and no others`, () => {
    const printed = Object.keys(JSON.parse(JSON.stringify(thing)));
    assert.deepEqual(documented(name).sort(), printed.sort());
  });
}

/** Things that have no heading of their own: the line of the page that lists their fields, and one of them. */
const INNER: Readonly<Record<string, unknown>> = {
  spec: vm.spec,
  workspace: vm.workspace,
  config: ImageConfig.fromPartial({}),
  bridge: network.bridge,
  dns: network.dns,
  modes: network.modes[0],
};

for (const [name, thing] of Object.entries(INNER)) {
  test(`docs/json.md lists the fields of ${name}`, () => {
    const [, list = ''] = new RegExp(`- \`${name}\`: (.*)`).exec(PAGE) ?? [];
    const listed = [...list.matchAll(/`(\w+)`/g)].map(([, field = '']) => field);
    assert.deepEqual(listed.sort(), Object.keys(JSON.parse(JSON.stringify(thing))).sort());
  });
}

test('docs/json.md says of every verb what it prints', async () => {
  const verbs = listVerbs(COMMANDS, '').filter((verb) => !PAGE.includes(`\`${verb}`));
  assert.deepEqual(verbs, []);
});

function listVerbs(table: CommandTable, path: string): string[] {
  return table.flatMap((entry) => {
    const name = `${path}${entry.name}`;
    if (isGroup(entry)) return listVerbs(entry.commands, `${name} `);
    return entry.hidden === true ? [] : [name];
  });
}
