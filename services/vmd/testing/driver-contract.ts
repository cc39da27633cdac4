import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { callOf } from '#kit/testing/call-of.ts';
import { until } from '#kit/testing/until.ts';
import type { Driver, Machine, RunningMachine } from '../domain/driver.ts';

/** What a driver is tried with. */
export type DriverBench = {
  /** As after a start of vmd: it remembers nothing. */
  createDriver(): Driver;
  /** A machine that boots, in a place of its own, which goes with the test. */
  prepare(t: TestContext): Promise<Machine>;
  /** Waits until the guest answers, and says which boot of it does. */
  awaitGuest(running: RunningMachine): Promise<string>;
  /** Asks the guest to power off. */
  powerOff(running: RunningMachine): Promise<void>;
};

export type ContractOptions = { skip: string | false };

const call = callOf();

/** What vmd relies on, whatever monitor runs its machines. One suite for all drivers, the fake one included. */
export function driverContract(name: string, bench: DriverBench, options: ContractOptions): void {
  const contract = (title: string, work: (t: TestContext) => Promise<void>) =>
    void test(`${name}: ${title}`, options, work);
  const prepare = async (t: TestContext) => {
    const driver = bench.createDriver();
    // First, because what is registered first is done first, and a machine is found by its folder.
    t.after(() => machine && endAll(driver, machine, launched));
    const machine = await bench.prepare(t);
    const launched: RunningMachine[] = [];
    return { machine, driver, launched };
  };
  const launch = async (t: TestContext) => {
    const { machine, driver, launched } = await prepare(t);
    const running = await driver.launch(call, machine);
    launched.push(running);
    return { machine, driver, running, launched, boot: await bench.awaitGuest(running) };
  };

  contract('a machine is launched, paused, resumed, and its guest powers it off', async (t) => {
    const { running, driver, machine } = await launch(t);
    assert.equal(typeof (await running.readConsole(100)), 'string');
    for (const step of ['pause', 'pause', 'resume', 'resume'] as const) await running[step](call);
    await bench.powerOff(running);
    assert.equal((await running.exited).cause, 'guest');
    running.release();
    assert.equal(await driver.find(call, machine, running.process), undefined);
    for (let round = 0; round < 2; round++) await driver.clear(call, machine);
  });

  contract('the end of a killed machine is noticed, and a second signal is fine', async (t) => {
    const { running, driver, machine } = await launch(t);
    await running.signal(call, 'KILL');
    assert.equal((await running.exited).cause, 'unknown');
    await running.signal(call, 'KILL');
    running.release();
    await driver.clear(call, machine);
    assert.equal(await driver.find(call, machine), undefined);
  });

  contract('a machine outlives its driver and is found again, in the same boot', async (t) => {
    const { running, machine, boot } = await launch(t);
    running.release();
    const found = await bench.createDriver().find(call, machine, running.process);
    assert.ok(found !== undefined);
    assert.deepEqual(found.process, running.process);
    assert.equal(await bench.awaitGuest(found), boot);
    await found.signal(call, 'KILL');
    await found.exited;
    found.release();
  });

  contract('a machine that no record knows is found by its place', async (t) => {
    const { running, machine } = await launch(t);
    running.release();
    const driver = bench.createDriver();
    const { pid, startTicks } = running.process;
    const other = { pid, startTicks: startTicks + 1 };
    assert.equal(await driver.find(call, machine, other), undefined);
    const found = await driver.find(call, machine);
    assert.deepEqual(found?.process, running.process);
    found?.release();
  });

  contract('a launch where an unknown machine runs ends that one first', async (t) => {
    const { running, machine, launched } = await launch(t);
    running.release();
    const driver = bench.createDriver();
    const second = await driver.launch(call, machine);
    launched.push(second);
    assert.notDeepEqual(second.process, running.process);
    await until(async () => (await driver.find(call, machine, running.process)) === undefined);
    await bench.awaitGuest(second);
  });

  contract('a launch that fails says why and leaves nothing running', async (t) => {
    const { machine, driver } = await prepare(t);
    const kernel = { ...machine.kernel, id: 'eeeeeeeeeeeeeeee', vmlinux: '/no/such/vmlinux' };
    await assert.rejects(driver.launch(call, { ...machine, kernel }), /no\/such|does not exist/);
    assert.equal(await driver.find(call, machine), undefined);
    await driver.clear(call, machine);
  });

  contract('a caller who has left gets no machine', async (t) => {
    const { machine, driver } = await prepare(t);
    const left = { ...call, signal: AbortSignal.abort(new Error('the caller has left')) };
    await assert.rejects(driver.launch(left, machine), /has left/);
    assert.equal(await driver.find(call, machine), undefined);
  });

  contract('what it offers can be had', async () => {
    const driver = bench.createDriver();
    assert.ok(await driver.offersNetwork(call, 'none'));
    assert.equal(typeof driver.features.pause, 'boolean');
  });
}

/** Fine for a machine that has ended. */
async function endAll(
  driver: Driver,
  machine: Machine,
  launched: readonly RunningMachine[],
): Promise<void> {
  // A machine has one control channel, and whoever finds it wants that.
  for (const running of launched) running.release();
  const left = await driver.find(call, machine);
  await left?.signal(call, 'KILL');
  await left?.exited;
  left?.release();
  await driver.clear(call, machine);
}
