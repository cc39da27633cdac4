import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { SERVICES, type ServiceName } from '#kit/paths.ts';
import { until } from '#kit/testing/until.ts';
import { type BridgedVms, openBridgedVms } from './bridged-vms.ts';
import { needsMountNamespace, needsVms } from './needs.ts';
import { signalProcess } from './signal-process.ts';
import { openSuiteEnding } from './suite-ending.ts';

const VICTIMS: readonly (readonly ServiceName[])[] = [['rootd'], ['netd'], ['vmd'], SERVICES];
const BOOT_ID = '/proc/sys/kernel/random/boot_id';

void describe('guests on the bridge, whatever dies', {
  skip: needsMountNamespace || needsVms,
}, () => {
  let vms: BridgedVms;
  const suite = openSuiteEnding();
  after(() => suite.end());
  before(async () => {
    vms = await openBridgedVms(suite);
    await vms.create('one', '--nat', '--autostart');
    await vms.create('two');
  });

  const kill = async (services: readonly ServiceName[]) => {
    const pids = services.flatMap((service) => vms.pidsOf(service));
    for (const pid of pids) signalProcess(pid, 'SIGKILL');
    await until(() => services.every((service) => vms.pidsOf(service).length === 0));
  };

  for (const services of VICTIMS) {
    test(`killed: ${services.join(', ')}; the guests live on and answer`, async () => {
      const before = [await vms.show('one'), await vms.show('two')];
      await kill(services);
      for (const { name, bootId, pid } of before) {
        assert.equal((await vms.inGuest(name, `cat ${BOOT_ID}`)).trim(), bootId);
        assert.deepEqual(
          [(await vms.show(name)).pid, (await vms.show(name)).state],
          [pid, 'running'],
        );
      }
    });
  }

  test('what ended while nobody looked is noticed, and starts again', async () => {
    const { pid } = await vms.show('two');
    await kill(SERVICES);
    signalProcess(pid, 'SIGKILL');
    const { state, stateDetail } = await vms.show('two');
    assert.deepEqual([state, stateDetail], ['stopped', 'it ended while vmd was not running']);
    await vms.must('vm', 'start', 'two');
    assert.equal(await vms.inGuest('two', 'hostname'), 'two\n');
  });

  test('after a restart of the host, machines are stopped, or started where that was asked', async () => {
    const before = await vms.show('one');
    await restartHost(vms, kill);
    const { state, stateDetail } = await vms.show('two');
    assert.deepEqual([state, stateDetail], ['stopped', 'the host was restarted']);
    await until(async () => (await vms.show('one')).state === 'running');
    const again = await vms.show('one');
    assert.notEqual(again.bootId, before.bootId);
    assert.equal(again.address, before.address);
    assert.equal(await vms.inGuest('one', 'hostname'), 'one\n');
  });

  test('a deleted machine leaves nothing', async () => {
    for (const name of ['one', 'two']) await vms.must('vm', 'delete', name);
    assert.deepEqual(await vms.leftovers(), []);
  });
});

/** All that a restart takes: processes, sockets and locks, devices and rules; and the kernel has another boot id. */
async function restartHost(
  vms: BridgedVms,
  kill: (services: readonly ServiceName[]) => Promise<void>,
): Promise<void> {
  const machines = [await vms.show('one'), await vms.show('two')];
  await kill(SERVICES);
  for (const { pid } of machines) signalProcess(pid, 'SIGKILL');
  const links = await vms.run('ip', '-brief', 'link');
  for (const [name] of links.matchAll(/^(br-banger|bgtap-\d+)/gm)) {
    await vms.run('ip', 'link', 'delete', name);
  }
  await vms.run('nft', 'flush', 'ruleset');
  for (const name of ['banger-local', 'banger-local-root']) {
    rmSync(join(vms.folder, 'run', name), { recursive: true, force: true });
  }
  const bootId = join(vms.folder, 'boot_id');
  writeFileSync(bootId, `${randomUUID()}\n`);
  await vms.run('mount', '--bind', bootId, BOOT_ID);
  await vms.must('daemon', 'start', '--bridge');
}
