import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { test } from 'node:test';
import { socketPath } from '#kit/paths.ts';
import { openHouse } from './harness.ts';

const ACTIVATE = '/usr/bin/systemd-socket-activate';
const skip = !existsSync(ACTIVATE) && `needs ${ACTIVATE} of the package systemd`;

test('a service answers on the socket that systemd opened for it', { skip }, async (t) => {
  const house = openHouse(t);
  const socket = socketPath(house.paths, 'netd');
  const service = await house.start('netd', { through: [ACTIVATE, `--listen=${socket}`] });
  const { pid } = await house.getInfo('netd');
  assert.equal(pid, service.pid);
  service.signal('SIGTERM');
  await service.exited;
  assert.ok(existsSync(socket), 'systemd holds it for the next one');
  rmSync(socket);
});
