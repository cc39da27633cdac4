import assert from 'node:assert/strict';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { callOf } from '#kit/testing/call-of.ts';
import { temporaryFolder } from '#kit/testing/temporary-folder.ts';
import { makeTar, type TarMember } from '../testing/tar-bytes.ts';
import { buildDisk } from './build-disk.ts';
import { findInit } from './find-init.ts';

async function initOf(t: TestContext, members: readonly TarMember[]): Promise<string> {
  const path = join(temporaryFolder(t), 'disk');
  const layer = {
    open: async function* () {
      yield makeTar(members);
    },
  };
  await buildDisk(callOf(), [layer], { path, identity: 'x', freeBytes: 0 }, () => undefined);
  return findInit(path);
}

const program = (name: string, mode = 0o755) => ({ name, mode, content: Buffer.from('#!') });
const link = (name: string, to: string) => ({ name, type: '2', link: to });

test('finds an init as the guest will, through any links', async (t) => {
  const cases: [string, TarMember[]][] = [
    ['/sbin/init', [program('sbin/init')]],
    [
      '/sbin/init',
      [link('sbin', 'usr/sbin'), link('usr/sbin/init', '../lib/x'), program('usr/lib/x')],
    ],
    ['/sbin/init', [link('sbin/init', '/../../bin/busybox'), program('bin/busybox')]],
    ['/lib/systemd/systemd', [link('lib', '/usr/lib'), program('usr/lib/systemd/systemd')]],
    ['/usr/lib/systemd/systemd', [program('usr/lib/systemd/systemd')]],
    ['/bin/init', [program('sbin/init', 0o644), program('bin/init')]],
  ];
  for (const [found, members] of cases) assert.equal(await initOf(t, members), found);
});

test('what is no program is no init', async (t) => {
  const cases: TarMember[][] = [
    [],
    [program('sbin/init', 0o644)],
    [{ name: 'sbin/init/', type: '5', mode: 0o755 }],
    [link('sbin/init', '/nowhere')],
    [link('sbin/init', 'init')],
    [link('sbin', 'loop'), link('loop', 'sbin')],
  ];
  for (const members of cases) assert.equal(await initOf(t, members), '');
});
