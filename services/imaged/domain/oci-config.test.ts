import assert from 'node:assert/strict';
import test from 'node:test';
import { toJson } from '../testing/image-fixture.ts';
import { parseImageConfig } from './oci-config.ts';

const DIGEST = `sha256:${'0a'.repeat(32)}`;
const ROOTFS = { type: 'layers', diff_ids: [DIGEST] };

function parse(document: object): ReturnType<typeof parseImageConfig> {
  return parseImageConfig('config of "app"', toJson({ rootfs: ROOTFS, ...document }));
}

test('reads what the image wants to be run with', () => {
  const { config, diffIds, platform } = parse({
    os: 'linux',
    architecture: 'arm64',
    variant: 'v8',
    config: {
      Entrypoint: ['/bin/sh', '-c'],
      Cmd: ['run'],
      Env: ['A=b', 'C='],
      User: '1:2',
      WorkingDir: '/srv',
      ExposedPorts: { '80/tcp': {}, '53/udp': {}, '90': {}, '1000-1010/tcp': {} },
      Labels: { 'made.by': 'x', ['__proto__']: 'y' },
    },
  });
  assert.deepEqual(config, {
    entrypoint: ['/bin/sh', '-c'],
    cmd: ['run'],
    env: ['A=b', 'C='],
    user: '1:2',
    workingDir: '/srv',
    exposedPorts: ['90/tcp', '80/tcp', '53/udp', '1000-1010/tcp'],
    labels: Object.fromEntries([
      ['made.by', 'x'],
      ['__proto__', 'y'],
    ]),
    os: 'linux',
    architecture: 'arm64',
  });
  assert.deepEqual(platform, { os: 'linux', architecture: 'arm64', variant: 'v8' });
  assert.deepEqual(diffIds, [DIGEST]);
});

test('takes null and absence for empty, as the Go programs that write it do', () => {
  const empty = parse({}).config;
  assert.deepEqual(empty.cmd, []);
  assert.deepEqual(empty.labels, {});
  const nothing = { Entrypoint: null, Cmd: null, Env: null, ExposedPorts: null, Labels: null };
  assert.deepEqual(parse({ config: nothing }).config, empty);
  assert.deepEqual(parse({ config: null }).config, empty);
});

test('names the field that is wrong', () => {
  const wrong: [object, RegExp][] = [
    [{ config: { Cmd: 'run' } }, /config of "app" is damaged: field "config.Cmd" must be a list/],
    [{ config: { Env: [1] } }, /field "config.Env\[0\]" must be a text, found 1/],
    [{ config: { Cmd: ['a\0b'] } }, /field "config.Cmd\[0\]" must be a text without NUL/],
    [{ config: { Labels: { a: 1 } } }, /field "config.Labels.a" must be a text/],
    [{ config: { Labels: [] } }, /field "config.Labels" must be an object/],
    [{ config: { ExposedPorts: { 'eighty/tcp': {} } } }, /named by a port such as "80\/tcp"/],
    [{ config: { User: {} } }, /field "config.User" must be a text/],
    [{ config: [] }, /field "config" must be an object, found a list/],
    [{ rootfs: undefined }, /field "rootfs" must be an object/],
    [{ rootfs: { type: 'none' } }, /field "rootfs.type" must be "layers"/],
    [{ rootfs: { type: 'layers', diff_ids: ['x'] } }, /"rootfs.diff_ids\[0\]" must be a sha256/],
    [{ os: 1 }, /field "os" must be a text/],
  ];
  for (const [document, message] of wrong) {
    assert.throws(() => parse(document), { reason: 'IMAGE_CORRUPT', message });
  }
});
