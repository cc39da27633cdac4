import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { lockPath } from '#kit/paths.ts';
import { formatHolder } from '#kit/process-lock.ts';
import { until } from '#kit/testing/until.ts';
import { VmState } from '#proto/banger/v1/vm.ts';
import { endOfChild, openCommandLine } from './command-line.ts';
import { needsVms } from './needs.ts';
import { openVmHouse } from './vm-house.ts';

const RUN = ['vm', 'run', '--image', 'busybox', '--memory', '128M', '--network', 'none'];
const CONFIG = '[[file_sync]]\nhost = "~/.netrc"\nguest = "~/.netrc"\n';

test('vm run', { skip: needsVms }, async (t) => {
  const opened = await openVmHouse(t);
  const { home, start, run, runWith } = openCommandLine(opened, { config: CONFIG });
  writeFileSync(join(home, '.netrc'), 'machine example.org\n');
  writeFileSync(join(home, 'settings'), '# one\nFROM_FILE=yes\n');
  const listVms = async () => (await opened.vms.listVms({})).vms;
  const running = async () => (await listVms()).some(({ state }) => state === VmState.RUNNING);

  await t.test('a command has its own output, status, settings and files', async () => {
    const script = 'cat; cat /root/.netrc; echo $FROM_FILE $SINGLE; echo said >&2; exit 42';
    const settings = ['--env-file', 'settings', '-e', 'SINGLE=too'];
    const words = [...RUN, ...settings, '--rm', '--', 'sh', '-c', script];
    const { code, stdout, stderr } = await runWith(Buffer.from('in\n'), ...words);
    assert.deepEqual(
      { code, stdout, stderr },
      { code: 42, stdout: 'in\nmachine example.org\nyes too\n', stderr: 'said\n' },
    );
    assert.deepEqual(await listVms(), []);
  });

  await t.test('a reader that leaves ends the command, and --rm still deletes', async () => {
    const child = start(...RUN, '--rm', '--', 'yes');
    await once(child.stdout, 'data');
    child.stdout.destroy();
    assert.deepEqual(await once(child, 'exit'), [141, null]);
    await until(async () => (await listVms()).length === 0);
  });

  await t.test('--rm deletes what a killed banger leaves, whenever it is killed', async () => {
    const booting = start(...RUN, '--rm', '--', 'true');
    await until(async () => (await listVms()).length === 1);
    booting.kill('SIGKILL');
    await until(async () => (await listVms()).length === 0);
    const child = start(...RUN, '--rm', '--', 'yes');
    await once(child.stdout, 'data');
    assert.ok(await running());
    child.kill('SIGKILL');
    await until(async () => (await listVms()).length === 0);
    assert.deepEqual(opened.vmms(), []);
  });

  await t.test('a vmd that is killed deletes at its next start what --rm held', async () => {
    const child = start(...RUN, '--rm', '--', 'yes');
    await once(child.stdout, 'data');
    const [vmd] = [opened.running.get('vmd')];
    vmd?.signal('SIGKILL');
    await vmd?.exited;
    child.kill('SIGKILL');
    await opened.start('vmd');
    assert.deepEqual(await listVms(), []);
    assert.deepEqual(opened.vmms(), []);
  });

  await t.test('signals go to the command, a second Ctrl-C gives up waiting', async () => {
    const script = 'trap "echo got it" INT; echo ready; while :; do sleep 1; done';
    const child = start(...RUN, '--rm', '--', 'sh', '-c', script);
    const ended = endOfChild(child);
    let said = '';
    child.stdout.on('data', (data) => {
      said += data;
    });
    await until(() => said.includes('ready'));
    child.kill('SIGINT');
    await until(() => said.includes('got it'));
    child.kill('SIGINT');
    assert.equal((await ended).code, 130);
    assert.deepEqual(await listVms(), []);
  });

  await t.test(
    'an interrupted boot leaves nothing, and neither does one that is late',
    async () => {
      const child = start(...RUN, '--name', 'early', '--', 'true');
      const ended = endOfChild(child);
      await until(async () => (await listVms()).length === 1);
      child.kill('SIGTERM');
      assert.equal((await ended).code, 143);
      await until(async () => (await listVms()).length === 0);
      assert.equal((await run(...RUN, '--timeout', '50ms', '--', 'true')).code, 1);
      await until(async () => (await listVms()).length === 0);
    },
  );

  await t.test('a dry run and wrong words make nothing', async () => {
    const dry = await run(...RUN, '--dry-run', '--vcpu', '2', '--json');
    assert.equal(JSON.parse(dry.stdout).settings.vcpus, 2);
    for (const words of [
      ['-d', '--rm'],
      ['-d', '--', 'true'],
      ['--wait', 'never'],
      ['--env-file', 'missing'],
    ]) {
      assert.notEqual((await run(...RUN, ...words)).code, 0, words.join(' '));
    }
    assert.deepEqual(await listVms(), []);
  });

  await t.test('a vmd of another build that is busy is left alone', async () => {
    const child = start(...RUN, '--rm', '--', 'yes');
    await once(child.stdout, 'data');
    const { pid } = await opened.house.getInfo('vmd');
    const lock = lockPath(opened.house.paths, 'vmd');
    writeFileSync(lock, formatHolder({ pid, build: 'yesterday' }));
    const { code, stderr } = await run('vm', 'list');
    writeFileSync(lock, formatHolder({ pid, build: 'source' }));
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
    assert.equal((await opened.house.getInfo('vmd')).pid, pid);
    child.kill('SIGKILL');
    await until(async () => (await listVms()).length === 0);
  });

  await t.test('detached, it prints the name and stays, and is there for all else', async () => {
    assert.deepEqual(await run(...RUN, '--name', 'lab', '-d'), {
      code: 0,
      stdout: 'lab\n',
      stderr: '',
    });
    assert.ok(await running());
    const fields = await run(
      'vm',
      'set',
      'lab',
      'lab',
      '--label',
      'a=b',
      '--format',
      'name,spec.labels',
    );
    assert.equal(fields.stdout, 'lab\t{"a":"b"}\n');
    const big = Buffer.alloc(3 * 2 ** 20, 'banger');
    assert.equal((await runWith(big, 'vm', 'exec', 'lab', '--', 'cat')).stdout, big.toString());
    assert.match(
      (await run('vm', 'stats', 'lab', '--format', 'guestMemoryTotalBytes')).stdout,
      /^\d+\n$/,
    );
    const published = await run('vm', 'publish', 'lab', '0:80', '-q');
    assert.match(
      (await run('vm', 'ports', 'lab', '--format', 'published')).stdout,
      new RegExp(published.stdout),
    );
    assert.equal((await run('vm', 'delete', 'lab', 'missing')).code, 1);
    assert.deepEqual(await listVms(), []);
  });
});
