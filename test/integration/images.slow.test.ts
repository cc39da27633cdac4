import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outputOf, runInGuest } from './guest-command.ts';
import { needsVms } from './needs.ts';
import { pullContainerImage } from './oci-image.ts';
import { openVmHouse } from './vm-house.ts';

test('a container image without an init runs as its author wished', {
  skip: needsVms,
}, async (t) => {
  const opened = await openVmHouse(t);
  const { vms, create } = opened;
  await pullContainerImage(opened, 'alpine', [
    ...['--config.env', 'COLOUR=blue', '--config.user', 'ann', '--config.workingdir', '/srv'],
    ...['--config.entrypoint', '/bin/echo', '--config.cmd', 'usual command'],
  ]);
  await create({ name: 'web', image: 'alpine' });
  const said = async (script: string) => outputOf(vms, 'web', 'sh', '-c', script);
  assert.match(await outputOf(vms, 'web', 'uname', '-a'), /^Linux web /);
  assert.equal(await said('echo $COLOUR; pwd; id -un; id -Gn'), 'blue\n/srv\nann\nann wheel');
  const usual = await runInGuest(vms, 'web', []);
  assert.equal(usual.stdout, 'usual command\n');
  const other = await runInGuest(vms, 'web', ['sh', '-c', 'echo $COLOUR; pwd; id -un; id -gn'], {
    environment: ['COLOUR=red'],
    workingDir: '/tmp',
    user: 'root:wheel',
  });
  assert.equal(other.stdout, 'red\n/tmp\nroot\nwheel\n', other.stderr);
});
