import assert from 'node:assert/strict';
import test from 'node:test';
import { choosePlatform, hostPlatform, type Platform } from './platform.ts';

const AMD64: Platform = { os: 'linux', architecture: 'amd64', variant: undefined };
const ARM64: Platform = { ...AMD64, architecture: 'arm64' };

function choose(names: readonly (string | undefined)[], wanted: Platform): string | undefined {
  const candidates = names.map((name) => {
    const [os = '', architecture = '', variant] = name?.split('/') ?? [];
    return { name, platform: name === undefined ? undefined : { os, architecture, variant } };
  });
  return choosePlatform(candidates, wanted, 'app').name;
}

test('knows the processors that banger runs on', () => {
  assert.deepEqual(hostPlatform('x64'), AMD64);
  assert.deepEqual(hostPlatform('arm64'), ARM64);
  assert.throws(() => hostPlatform('riscv64'), { reason: 'HOST_NOT_READY' });
  assert.throws(() => hostPlatform('constructor'), { reason: 'HOST_NOT_READY' });
});

test('chooses what runs, and the plainest of it', () => {
  const all = ['windows/amd64', 'linux/amd64/v3', 'linux/amd64', 'linux/arm64/v8', 'linux/arm/v7'];
  assert.equal(choose(all, AMD64), 'linux/amd64');
  assert.equal(choose(all, ARM64), 'linux/arm64/v8');
  assert.equal(choose(['linux/amd64/v1'], AMD64), 'linux/amd64/v1');
  assert.equal(choose([undefined], AMD64), undefined);
});

test('says what there is when nothing runs', () => {
  const refused: [(string | undefined)[], RegExp][] = [
    [['linux/arm64', 'unknown/unknown'], /not made for linux\/amd64 but for linux\/arm64;/],
    [['linux/amd64/v3'], /but for linux\/amd64\/v3/],
    [[], /but for no platform at all/],
    [[undefined, undefined], /but for no platform at all/],
  ];
  for (const [names, message] of refused) {
    assert.throws(() => choose(names, AMD64), { reason: 'FEATURE_UNSUPPORTED', message });
  }
});
