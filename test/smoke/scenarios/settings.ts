import assert from 'node:assert/strict';
import { assertGone, create, createNamed, show } from '../machine.ts';
import { pure, type Scenario } from '../scenario.ts';

export const settingScenarios: readonly Scenario[] = [
  pure('vm_set', 'processors that were set are there after the next start', async (smoke) => {
    const { name: vm } = await create(smoke, '--vcpu', '2');
    assert.equal(await smoke.guest(vm, 'nproc'), '2\n');
    await smoke.ok('vm', 'stop', vm);
    await smoke.ok('vm', 'set', vm, '--vcpu', '4');
    await smoke.ok('vm', 'start', vm);
    assert.equal(await smoke.guest(vm, 'nproc'), '4\n');
  }),

  pure(
    'set_pending',
    'set tells what waits for the next start; memory and disk have grown then',
    async (smoke) => {
      const { name: vm } = await create(smoke);
      await smoke.guest(vm, 'echo here > /root/mark');
      await smoke.ok('vm', 'set', vm, '--memory', '192M', '--disk-size', '9G');
      assert.deepEqual((await show(smoke, vm)).pendingSettings, ['memoryMib', 'diskSizeBytes']);
      await smoke.ok('vm', 'restart', vm);
      assert.deepEqual((await show(smoke, vm)).pendingSettings, []);
      const said = await smoke.guest(vm, 'df -m /root | tail -n 1; cat /root/mark');
      assert.ok(Number(said.split(/\s+/)[1]) > 8400, said);
      assert.match(said, /^here$/m);
      await smoke.refused(/can only grow/, 'vm', 'set', vm, '--disk-size', '1G');
    },
  ),

  pure(
    'vm_rename',
    'a machine that is renamed has its new name here and, from its next start, inside',
    async (smoke) => {
      const { name: vm, id } = await create(smoke);
      const other = smoke.vmNamed('other');
      await smoke.ok('vm', 'set', vm, '--name', other);
      assert.equal((await show(smoke, other)).id, id);
      await smoke.refused(/no vm/, 'vm', 'show', vm);
      await smoke.ok('vm', 'restart', other);
      assert.equal(await smoke.guest(other, 'hostname'), `${other}\n`);
    },
  ),

  pure('labels', 'labels are set, shown, changed and removed', async (smoke) => {
    const { name: vm } = await create(smoke, '--no-start', '--label', 'a=1', '--label', 'b=2');
    const labels = async () => (await show(smoke, vm)).spec.labels;
    assert.deepEqual(await labels(), { a: '1', b: '2' });
    await smoke.ok('vm', 'set', vm, '--label', 'a=3', '--remove-label', 'b');
    assert.deepEqual(await labels(), { a: '3' });
  }),

  pure('invalid_spec', 'sizes that cannot be are refused, and nothing is made', async (smoke) => {
    const { vm } = smoke;
    const words = ['vm', 'create', '--name', vm, '--image', 'busybox'];
    await smoke.refused(/processors, not 0/, ...words, '--vcpu', '0');
    await smoke.refused(/./, ...words, '--vcpu', 'many');
    await smoke.refused(/memory/, ...words, '--memory', '1M');
    await smoke.refused(/memory/, ...words, '--memory', '900T');
    await smoke.refused(/disk/, ...words, '--disk-size', '1');
    await smoke.refused(/./, ...words, '--network', 'carrier-pigeon');
    await assertGone(smoke, vm);
  }),

  pure(
    'invalid_name',
    'names that cannot be host names are refused, and nothing is made',
    async (smoke) => {
      const bad = ['-a', 'a-', 'UPPER', 'two words', '../etc', 'a_b', 'ä', 'x'.repeat(64)];
      for (const name of bad) {
        await smoke.refused(/name/, 'vm', 'create', `--name=${name}`, '--image', 'busybox');
      }
      await assertGone(smoke, ...bad);
    },
  ),

  pure(
    'prefix_reference',
    'the beginning of an id will do; too short a one will not; a name comes first',
    async (smoke) => {
      const one = await createNamed(smoke, smoke.vmNamed('one'), '--no-start');
      const two = await createNamed(smoke, smoke.vmNamed('two'), '--no-start');
      const prefix = one.id.slice(0, 8);
      assert.equal((await show(smoke, prefix)).id, one.id);
      assert.equal((await show(smoke, one.id)).id, one.id);
      await smoke.refused(/no vm/, 'vm', 'show', one.id.slice(0, 3));
      await smoke.ok('vm', 'set', two.name, '--name', prefix);
      assert.equal((await show(smoke, prefix)).id, two.id);
      await smoke.ok('vm', 'set', two.id, '--name', two.name);
    },
  ),
];
