import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NetworkMode } from '#proto/banger/v1/types.ts';
import { VmSettings, WaitCondition } from '#proto/banger/v1/vm.ts';
import { outputOf, runInGuest } from './guest-command.ts';
import { only, pullStart, resultOf } from './long-verb.ts';
import { needsMmdebstrap, needsVms } from './needs.ts';
import { pullContainerImage } from './oci-image.ts';
import { openVmHouse, type VmHouse } from './vm-house.ts';

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

// Slow: the image is made of packages first, which takes minutes.
test('a Debian image answers before systemd is up, and can be waited for until it is', {
  skip: needsVms || needsMmdebstrap,
}, async (t) => {
  const { vms, images, create } = await openVmHouse(t);
  await resultOf(images.pullImage(only({ part: pullStart('debian-bookworm') })));
  const settings = VmSettings.fromPartial({ vcpus: 1, memoryMib: 512, network: NetworkMode.NONE });
  await create({ name: 'web', image: 'debian-bookworm', settings });
  assert.match(await outputOf(vms, 'web', 'uname', '-a'), /^Linux web /);
  const first = await uptimeOf(vms);
  const asked = await runInGuest(vms, 'web', ['systemctl', 'is-system-running']);
  assert.doesNotMatch(asked.stdout, /^(running|degraded)/);
  await vms.waitVm({ vm: 'web', condition: WaitCondition.SYSTEM });
  const up = await runInGuest(vms, 'web', ['systemctl', 'is-system-running']);
  assert.match(up.stdout, /^(running|degraded)/);
  t.diagnostic(
    `first command ${first} s after the kernel began, systemd done at ${await uptimeOf(vms)} s`,
  );
  await resultOf(vms.stopVm({ vm: 'web' }));
});

async function uptimeOf(vms: VmHouse['vms']): Promise<string> {
  const [seconds = ''] = (await outputOf(vms, 'web', 'cat', '/proc/uptime')).split(' ');
  return seconds;
}
