import assert from 'node:assert/strict';
import { chmodSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { callAs, openToOthers, withAccounts, writeAccounts } from './accounts.ts';
import { openHouse } from './harness.ts';
import { needsMountNamespace, needsPython, needsRoot } from './needs.ts';
import type { ServiceProcess } from './service-process.ts';

const GET_INFO = '/banger.v1.InfoService/GetInfo';
const OWNER = 4501;
const STRANGER = 4502;

function linesOf(service: ServiceProcess, uid: number): unknown[] {
  return service
    .log()
    .filter((line) => line.uid === uid)
    .map(({ message }) => message);
}

test('a local service is out of reach for other users', async (t) => {
  const house = openHouse(t);
  const { socket } = await house.start('vmd');
  assert.equal(statSync(house.paths.runtime).mode & 0o777, 0o700);
  assert.equal(statSync(socket).mode & 0o777, 0o660);
});

test('another uid that can reach the socket is refused before any request, and the owner is not', {
  skip: needsRoot || needsPython,
}, async (t) => {
  const house = openHouse(t, { owner: OWNER });
  const service = await house.start('vmd');
  openToOthers(house);
  chmodSync(house.paths.runtime, 0o711);
  chmodSync(service.socket, 0o666);

  const refused = await callAs(house, { uid: STRANGER }, service.socket, GET_INFO);
  assert.equal(refused.code, 'UNAVAILABLE');
  const heard = linesOf(service, STRANGER);
  assert.ok(heard.length > 0);
  assert.ok(heard.every((message) => message === 'peer refused'));

  assert.equal((await callAs(house, { uid: OWNER }, service.socket, GET_INFO)).code, 'OK');
  assert.deepEqual(linesOf(service, OWNER), ['call ended']);
});

test('an installed service admits the members of its group, also those that join while it runs', {
  skip: needsMountNamespace || needsPython,
}, async (t) => {
  const house = openHouse(t, { mode: 'installed' });
  const groupOf = (...members: string[]) =>
    writeAccounts(house, { ada: OWNER, bob: STRANGER }, { banger: { gid: 4500, members } });
  const service = await house.start('netd', { through: withAccounts(groupOf('ada')) });
  openToOthers(house);
  chmodSync(house.paths.runtime, 0o711);
  const call = (uid: number, gid: number) => callAs(house, { uid, gid }, service.socket, GET_INFO);

  const { mode, gid } = statSync(service.socket);
  assert.deepEqual([mode & 0o777, gid], [0o660, 4500]);
  assert.equal((await call(OWNER, 4500)).code, 'OK');
  // From outside of the group not even the file can be used.
  assert.equal((await call(STRANGER, STRANGER)).code, 'UNAVAILABLE');
  assert.deepEqual(linesOf(service, STRANGER), []);

  chmodSync(service.socket, 0o666);
  assert.equal((await call(STRANGER, STRANGER)).code, 'UNAVAILABLE');
  assert.ok(linesOf(service, STRANGER).includes('peer refused'));
  groupOf('ada', 'bob');
  assert.equal((await call(STRANGER, STRANGER)).code, 'OK');
});
