import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { programRoot } from '#kit/program.ts';
import { temporaryFolder } from '#kit/testing/temporary-folder.ts';
import { endOf } from './local-user.ts';
import { needsPython, needsVms, PYTHON } from './needs.ts';
import { openVmHouse } from './vm-house.ts';

const execute = promisify(execFile);
const examples = join(programRoot(), 'examples');
const SCRIPT = 'for n in 1 2 3; do echo $n; done; echo said >&2; exit 7';

test('the examples make a machine, run a command and delete the machine', {
  skip: needsVms || needsPython,
}, async (t) => {
  const { running, vms } = await openVmHouse(t);
  const socket = running.get('vmd')?.socket ?? '';
  const command = [socket, 'busybox', 'sh', '-c', SCRIPT];
  const generated = temporaryFolder(t);
  await execute(join(examples, 'python/generate.sh'), [generated]);
  const programs = {
    // -B: nothing is written beside the sources.
    Python: [PYTHON, '-B', join(examples, 'python/run-command.py'), generated],
    TypeScript: [process.execPath, join(examples, 'typescript/run-command.ts')],
  };
  for (const [language, [file = '', ...args]] of Object.entries(programs)) {
    await t.test(language, async () => {
      const { code, stdout, stderr } = await endOf(execute(file, [...args, ...command]));
      assert.deepEqual({ code, stdout }, { code: 7, stdout: '1\n2\n3\n' }, stderr);
      assert.match(stderr, /boot/);
      assert.match(stderr, /said/);
      assert.deepEqual((await vms.listVms({})).vms, []);
    });
  }
});
