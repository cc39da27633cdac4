import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callAs, type Ending, openToOthers, withAccounts, writeAccounts } from './accounts.ts';
import { openHouse } from './harness.ts';
import { needsMountNamespace, needsPython } from './needs.ts';

const skip = needsMountNamespace || needsPython;

// Both only look, so that they may be called for real.
const FOR_VMD = '/banger.v1.RootService/ListVmms';
const FOR_NETD = '/banger.v1.RootService/ListTaps';
const GET_INFO = '/banger.v1.InfoService/GetInfo';

function assertRefused({ code, reason, message }: Ending, uid: number): void {
  assert.deepEqual([code, reason], ['PERMISSION_DENIED', 'PEER_REFUSED']);
  assert.match(message, new RegExp(`^uid ${uid} may not call /banger\\.v1\\.RootService/`));
}

/** The method was reached; whether it is built yet, or works on this host, is another matter. */
function assertReached({ reason, code }: Ending): void {
  assert.notEqual(reason, 'PEER_REFUSED');
  assert.notEqual(code, 'UNAVAILABLE');
}

test('local rootd serves the local account, and not even root may use it', { skip }, async (t) => {
  const house = openHouse(t);
  const accounts = writeAccounts(house, { 'banger-local': 4501 }, {});
  const service = await house.start('rootd', { through: withAccounts(accounts) });
  openToOthers(house);
  const call = (uid: number, method: string) => callAs(house, { uid }, service.socket, method);

  assertReached(await call(4501, FOR_VMD));
  assertReached(await call(4501, FOR_NETD));
  assertRefused(await call(0, FOR_VMD), 0);
  assertRefused(await call(0, FOR_NETD), 0);
  assert.equal((await call(0, GET_INFO)).code, 'OK');
  const refusals = service.log().filter(({ reason }) => reason === 'PEER_REFUSED');
  assert.deepEqual(
    refusals.map(({ uid, method }) => [uid, method]),
    [
      [0, FOR_VMD],
      [0, FOR_NETD],
    ],
  );
});

test('local rootd does not hear other users', { skip }, async (t) => {
  const house = openHouse(t);
  const accounts = writeAccounts(house, { 'banger-local': 4501 }, {});
  const service = await house.start('rootd', { through: withAccounts(accounts) });
  openToOthers(house);
  // With the group it can use the file of the socket, and is refused all the same.
  const ending = await callAs(house, { uid: 4502, gid: 4501 }, service.socket, GET_INFO);
  assert.equal(ending.code, 'UNAVAILABLE');
  const heard = service.log().filter(({ uid }) => uid === 4502);
  assert.ok(heard.length > 0);
  assert.ok(heard.every(({ message }) => message === 'peer refused'));
});

test('installed rootd serves each service its own methods and no others', { skip }, async (t) => {
  const house = openHouse(t, { mode: 'installed' });
  const [vmd, netd, imaged, group] = [4501, 4502, 4503, 4500];
  const accounts = writeAccounts(
    house,
    { 'banger-vmd': vmd, 'banger-netd': netd, 'banger-imaged': imaged },
    { 'banger-root': { gid: group, members: ['banger-vmd', 'banger-netd'] } },
  );
  const service = await house.start('rootd', { through: withAccounts(accounts) });
  openToOthers(house);
  const call = (uid: number, method: string) =>
    callAs(house, { uid, gid: group }, service.socket, method);

  assertReached(await call(vmd, FOR_VMD));
  assertReached(await call(netd, FOR_NETD));
  assertRefused(await call(vmd, FOR_NETD), vmd);
  assertRefused(await call(netd, FOR_VMD), netd);
  assert.equal((await call(imaged, GET_INFO)).code, 'UNAVAILABLE');
});
