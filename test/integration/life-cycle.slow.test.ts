import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failsWith } from '#kit/testing/fails-with.ts';
import { until } from '#kit/testing/until.ts';
import { OperationState } from '#proto/banger/v1/operation.ts';
import { NetworkMode } from '#proto/banger/v1/types.ts';
import { KillSignal, type Vm, VmSettings, VmState, WaitCondition } from '#proto/banger/v1/vm.ts';
import { outputOf, runInGuest } from './guest-command.ts';
import { resultOf } from './long-verb.ts';
import { needsVms } from './needs.ts';
import { untilNoOrphans } from './orphans.ts';
import { signalProcess } from './signal-process.ts';
import { openVmHouse, smallVm, type VmHouse } from './vm-house.ts';

const skip = needsVms;
const GIB = 2 ** 30;

test('the life of a vm', { skip }, async (t) => {
  const opened = await openVmHouse(t);
  const { vms, create, get } = opened;
  const stop = (vm: string, graceMs?: number) =>
    resultOf(vms.stopVm({ vm, ...(graceMs === undefined ? {} : { graceMs }) }));
  const start = (vm: string) => resultOf(vms.startVm({ vm }));
  const untilIn = (state: VmState, vm: string) =>
    until(async () => (await get(vm)).state === state);
  await create({ name: 'web' });

  await t.test('what was written just before a stop is there after the next start', async () => {
    await outputOf(vms, 'web', 'sh', '-c', 'echo fresh > /root/work; echo fresh > /etc/system');
    await timed(t, 'stop of a healthy guest', () => stop('web'));
    assert.equal((await get('web')).state, VmState.STOPPED);
    await timed(t, 'start', () => start('web'));
    assert.equal(await outputOf(vms, 'web', 'cat', '/root/work', '/etc/system'), 'fresh\nfresh');
  });

  await t.test('ten restarts are ten boots', async () => {
    const boots = new Set([(await get('web')).bootId]);
    for (let at = 0; at < 10; at++) {
      boots.add((await resultOf<Vm>(vms.restartVm({ vm: 'web' }))).bootId);
    }
    assert.equal(boots.size, 11);
    assert.equal(await outputOf(vms, 'web', 'cat', '/root/work'), 'fresh');
  });

  await t.test('a reboot from inside boots the vm again', async () => {
    const before = await get('web');
    await runInGuest(vms, 'web', ['reboot']).catch(() => undefined);
    await until(async () => {
      const { state, bootId } = await get('web');
      return state === VmState.RUNNING && bootId !== before.bootId;
    });
    assert.equal(await outputOf(vms, 'web', 'cat', '/root/work'), 'fresh');
  });

  await t.test('a power-off from inside ends in stopped, with the reason', async () => {
    await runInGuest(vms, 'web', ['poweroff']).catch(() => undefined);
    await vms.waitVm({ vm: 'web', condition: WaitCondition.STOPPED });
    const { state, stateDetail } = await get('web');
    assert.deepEqual([state, stateDetail], [VmState.STOPPED, 'powered off by the guest']);
    await start('web');
  });

  await t.test('a panic of the kernel ends in stopped and is not tried again', async () => {
    await runInGuest(vms, 'web', ['sh', '-c', 'echo c > /proc/sysrq-trigger']).catch(
      () => undefined,
    );
    await untilIn(VmState.STOPPED, 'web');
    assert.match((await get('web')).stateDetail, /panicked/);
    await start('web');
  });

  await t.test('a guest that hangs is killed when its grace is over', async () => {
    await vms.pauseVm({ vm: 'web' });
    signalProcess((await get('web')).pid, 'SIGSTOP');
    await timed(t, 'stop of a hung guest, 1 s of grace', () => stop('web', 1000));
    assert.equal((await get('web')).state, VmState.STOPPED);
    await start('web');
  });

  await t.test('pause, resume and kill', async () => {
    assert.equal((await vms.pauseVm({ vm: 'web' })).vm?.state, VmState.PAUSED);
    await assert.rejects(outputOf(vms, 'web', 'true'), failsWith('VM_NOT_RUNNING', /resume/));
    assert.equal((await vms.resumeVm({ vm: 'web' })).vm?.state, VmState.RUNNING);
    assert.equal(await outputOf(vms, 'web', 'echo', 'here'), 'here');
    const killed = await vms.killVm({ vm: 'web', signal: KillSignal.TERM });
    assert.deepEqual(
      [killed.vm?.state, killed.vm?.stateDetail],
      [VmState.STOPPED, 'killed by TERM'],
    );
    await start('web');
  });

  await t.test('set says what waits for the next start, and the next start has it', async () => {
    const settings = VmSettings.fromPartial({ memoryMib: 192, diskSizeBytes: 9 * GIB });
    const { vm } = await vms.setVm({ vm: 'web', name: 'shop', settings });
    assert.deepEqual(vm?.pendingSettings, ['memoryMib', 'diskSizeBytes']);
    const network = VmSettings.fromPartial({ network: NetworkMode.USER });
    await assert.rejects(
      Promise.resolve(vms.setVm({ vm: 'shop', settings: network })),
      failsWith('VM_RUNNING', /stop it first/),
    );
    await stop('shop');
    await vms.setVm({ vm: 'shop', settings: network });
    assert.deepEqual((await resultOf<Vm>(vms.startVm({ vm: 'shop' }))).pendingSettings, []);
    const said = await outputOf(vms, 'shop', 'sh', '-c', 'hostname; free -m; df -m /root');
    const [hostname, , memory] = said.split('\n');
    assert.equal(hostname, 'shop');
    assert.ok(Number(memory?.split(/\s+/)[1]) > 140, said);
    assert.match(said, /\/root/);
    assert.ok(Number(/(\d+)\s+\d+\s+\d+\s+\d+%\s+\/root/.exec(said)?.[1]) > 8400, said);
    const smaller = VmSettings.fromPartial({ diskSizeBytes: GIB });
    await assert.rejects(
      Promise.resolve(vms.setVm({ vm: 'shop', settings: smaller })),
      failsWith('INVALID_SIZE', /can only grow/),
    );
  });

  await t.test('set, stop and delete from three callers take turns', async () => {
    const all = await Promise.allSettled([
      vms.setVm({ vm: 'shop', settings: VmSettings.fromPartial({ vcpus: 2 }) }),
      stop('shop'),
      resultOf(vms.deleteVm({ vm: 'shop' })),
    ]);
    assert.deepEqual(
      all.map(({ status }) => status),
      ['fulfilled', 'fulfilled', 'fulfilled'],
    );
    await assertEmpty(opened);
  });
});

test('creates that fail, race or are cancelled leave nothing', { skip }, async (t) => {
  const opened = await openVmHouse(t);
  const { vms, create } = opened;

  await t.test('what cannot be is refused before anything is made', async () => {
    const settings = (change: Partial<VmSettings>) => VmSettings.fromPartial(change);
    const cases = [
      [{ settings: settings({ vcpus: 0 }) }, 'INVALID_SIZE', /vcpu|processors/],
      [{ settings: settings({ memoryMib: 2 ** 20 }) }, 'HOST_NOT_READY', /memory/],
      [{ settings: settings({ diskSizeBytes: 1 }) }, 'INVALID_SIZE', /work disk/],
      [{ name: '../etc' }, 'INVALID_NAME', /name/],
      [{ name: 'UPPER' }, 'INVALID_NAME', /name/],
    ] as const;
    for (const [request, reason, message] of cases) {
      await assert.rejects(create(request), failsWith(reason, message));
    }
    await assert.rejects(create({ image: 'oci:/no/such/place' }));
    await assertEmpty(opened);
  });

  await t.test('of two creates of one name one wins', async () => {
    const both = await Promise.allSettled([create({ name: 'twin' }), create({ name: 'twin' })]);
    assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    assert.equal((await vms.listVms({})).vms.length, 1);
    await resultOf(vms.deleteVm({ vm: 'twin' }));
    await assertEmpty(opened);
  });

  await t.test('four creates at once all succeed', async () => {
    const names = ['one', 'two', 'three', 'four'];
    await timed(t, 'four creates at once', () =>
      Promise.all(names.map((name) => create({ name }))),
    );
    const said = await Promise.all(names.map((name) => outputOf(vms, name, 'hostname')));
    assert.deepEqual(said, names);
    await Promise.all(names.map((vm) => resultOf(vms.deleteVm({ vm }))));
    await assertEmpty(opened);
  });

  for (const stage of ['image', 'lease', 'reserve', 'disks', 'network', 'launch', 'boot']) {
    await t.test(`a create that is cancelled at "${stage}" leaves nothing`, async () => {
      const left = new AbortController();
      const creating = resultOf(
        vms.createVm(smallVm({ name: 'gone' }), { signal: left.signal }),
        ({ name }) => name === stage && left.abort(),
      );
      await assert.rejects(creating);
      await assertEmpty(opened);
    });
  }

  await t.test('an operation can be seen, watched and cancelled by others', async () => {
    const creating = create({ name: 'slow', detach: true });
    creating.catch(() => undefined);
    const find = async () =>
      (await opened.operations.listOperations({})).operations.find(
        ({ target, stages }) => target === 'slow' && stages.some(({ name }) => name === 'boot'),
      );
    await until(find);
    const id = (await find())?.id ?? '';
    const { operation } = await opened.operations.cancelOperation({ id });
    assert.equal(operation?.state, OperationState.CANCELLED);
    await assert.rejects(creating);
    await assertEmpty(opened);
  });
});

/** Whoever cancels by leaving does not wait for what is undone. */
async function assertEmpty(opened: VmHouse): Promise<void> {
  await until(async () => (await opened.vms.listVms({})).vms.length === 0);
  await untilNoOrphans(opened);
}

async function timed<Result>(
  t: { diagnostic(message: string): void },
  what: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const startedAt = performance.now();
  const result = await work();
  t.diagnostic(`${what}: ${Math.round(performance.now() - startedAt)} ms`);
  return result;
}
