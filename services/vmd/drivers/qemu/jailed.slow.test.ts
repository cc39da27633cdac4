import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
import { after, describe, test } from 'node:test';
import { callOf } from '#kit/testing/call-of.ts';
import { findObstacle } from '../../adapters/guest/testing/booted-guest.ts';
import { createJail } from '../../adapters/rootd.ts';
import { driverContract } from '../../testing/driver-contract.ts';
import { createQemuBench } from '../../testing/qemu-bench.ts';
import { startRootd } from '../../testing/rootd-process.ts';

const isRoot = process.getuid?.() === 0;
const skip = isRoot ? ((await findObstacle()) ?? false) : 'needs root, to start rootd';

if (skip === false) {
  const rootd = await startRootd();
  const connection = rootd.connect();
  const jail = createJail(connection);
  void describe('qemu in a jail', () => {
    after(async () => {
      connection.close();
      await rootd.stop();
    });
    const openState = (t: { after(end: () => void): void }) => {
      mkdirSync(rootd.state, { recursive: true });
      t.after(() => rmSync(rootd.state, { recursive: true, force: true }));
      return rootd.state;
    };
    const bench = createQemuBench({ openState, privileged: true, jail });
    driverContract('qemu in a jail', bench, { skip });

    test('the bridge is offered while rootd answers', async () => {
      assert.ok(await bench.createDriver().offersNetwork(callOf(), 'bridge'));
    });
  });
} else {
  test('qemu in a jail', { skip }, () => undefined);
}
