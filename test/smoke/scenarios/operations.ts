import assert from 'node:assert/strict';
import { assertGone, create, SMALL } from '../machine.ts';
import { pure, type Scenario } from '../scenario.ts';

type Operation = {
  id: string;
  verb: string;
  target: string;
  state: string;
  failure?: { reason: string };
};

export const operationScenarios: readonly Scenario[] = [
  pure(
    'operations_list',
    'what was done is listed with its stages, and can be watched to its end',
    async (smoke) => {
      const { name } = await create(smoke, '--no-start');
      const operations = await smoke.json<Operation[]>('operations', 'list');
      const made = operations.find(({ verb, target }) => verb === 'create vm' && target === name);
      assert.equal(made?.state, 'done');
      await smoke.refused(/no operation "nothing"/, 'operations', 'cancel', 'nothing');
    },
  ),

  pure(
    'operations_cancel',
    'a create that is cancelled by another command is undone',
    async (smoke) => {
      const { vm } = smoke;
      const creating = smoke.start(['vm', 'create', '--name', vm, ...SMALL]);
      const find = async () =>
        (await smoke.json<Operation[]>('operations', 'list')).find(
          ({ target, state }) => target === vm && state === 'running',
        );
      await smoke.until('it is listed', find);
      const cancelled = await smoke.json<Operation>(
        'operations',
        'cancel',
        (await find())?.id ?? '',
      );
      assert.deepEqual([cancelled.state, cancelled.failure?.reason], ['cancelled', 'CANCELLED']);
      const { code, stderr } = await creating.ended;
      assert.equal(code, 1);
      assert.match(stderr, /was cancelled/);
      await assertGone(smoke, vm);
    },
  ),
];
