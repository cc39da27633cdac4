import assert from 'node:assert/strict';
import { test } from 'node:test';
import { admitUsers } from './admission.ts';
import { createMetrics } from './metrics.ts';
import { localPaths } from './paths.ts';
import type { Service } from './service.ts';
import { recordedLog } from './testing/recorded-log.ts';

function localService(owner: number): Service {
  return {
    name: 'vmd',
    paths: localPaths({ HOME: '/home/ada' }, owner),
    owner,
    log: recordedLog().log,
    metrics: createMetrics('vmd'),
    now: () => new Date(0),
  };
}

test('a local service admits its owner, itself and root, and nobody else', () => {
  const { admits, socket } = admitUsers(localService(1000), 990);
  const judged = [0, 990, 1000, 1001, 65_534].map((uid) => admits({ uid, gid: 1000, pid: 1 }));
  assert.deepEqual(judged, [true, true, true, false, false]);
  assert.deepEqual(socket, { mode: 0o660 });
});
