import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { keepNamespaces } from '../../integration/keep-namespaces.ts';
import { needsRoot } from '../../integration/needs.ts';
import { create, show } from '../machine.ts';
import { pure, type Scenario } from '../scenario.ts';

const MIB = 2 ** 20;

export const faultScenarios: readonly Scenario[] = [
  pure(
    'guest_disk_full',
    'a guest that fills its disk is told so, and can be used and stopped',
    async (smoke) => {
      const { name: vm } = await create(smoke, '--disk-size', '64M');
      const fill = 'dd if=/dev/zero of=/root/big bs=1M; exit 5';
      const full = await smoke.banger('vm', 'exec', vm, '--', 'sh', '-c', fill);
      assert.equal(full.code, 5);
      assert.match(full.stderr, /No space left/);
      const copied = await smoke.refused(
        /No space left|full/i,
        'vm',
        'cp',
        smoke.write('a', Buffer.alloc(MIB)),
        `${vm}:/root/a`,
      );
      assert.equal(copied.code, 1);
      await smoke.guest(vm, 'rm /root/big; echo room > /root/a; cat /root/a');
      await smoke.ok('vm', 'restart', vm);
      assert.equal(await smoke.guest(vm, 'cat /root/a'), 'room\n');
    },
  ),

  pure(
    'guest_clock',
    'a guest whose clock is wrong has the right one after pause and resume',
    async (smoke) => {
      const { name: vm } = await create(smoke);
      const seconds = async () => Number(await smoke.guest(vm, 'date +%s'));
      const isRight = (now: number) => Math.abs(now - Date.now() / 1000) < 60;
      assert.ok(isRight(await seconds()));
      await smoke.guest(vm, 'date -s 2001-01-01');
      assert.ok(!isRight(await seconds()));
      await smoke.ok('vm', 'pause', vm);
      await smoke.ok('vm', 'resume', vm);
      assert.ok(isRight(await seconds()));
      assert.equal((await show(smoke, vm)).state, 'running');
    },
  ),

  pure(
    'host_disk_full',
    'a host without space says so, loses nothing, and goes on when there is some',
    async (smoke) => {
      const state = smoke.makeFolder();
      const mount = 'mount -t tmpfs -o size=24m,mode=1777 smoke "$1"';
      const disk = await keepNamespaces(['--mount'], mount, state);
      smoke.after(() => disk.close());
      const user = smoke.openUser({ env: { XDG_STATE_HOME: state }, enter: disk.enter });
      const pull = async (name: string, sizeBytes: number) => {
        user.write(`${name}/data`, randomBytes(sizeBytes));
        const archive = `${user.home}/${name}.tar`;
        await user.run('tar', '-C', `${user.home}/${name}`, '-cf', archive, '.');
        return user.banger('image', 'pull', `tar:${archive}`, '--name', name);
      };
      assert.equal((await pull('small', MIB)).code, 0);
      const refused = await pull('large', 48 * MIB);
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, /no space/);
      assert.equal((await user.banger('image', 'list', '--format', 'name')).stdout, 'small\n');
      assert.equal((await user.banger('image', 'verify', 'small')).stdout, 'small: whole\n');
      assert.equal((await pull('another', MIB)).code, 0);
    },
    needsRoot,
  ),
];
