import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { inOwnNamespaces } from '#kit/testing/own-namespaces.ts';
import { DescribeVmmResponse } from '#proto/banger/v1/root.ts';
import { snapshotTree } from '../testing/host-snapshot.ts';
import { accepted, type HostileLab, openHostileLab, VM_ID } from '../testing/hostile-lab.ts';
import { honestRequests } from '../testing/hostile-values.ts';
import { IMAGE_ID, IMAGED_UID, KERNEL_ID, VMD_UID } from '../testing/vm-state.ts';

const VM = `vmd/vms/${VM_ID}`;
/** Every place that a launch looks at, above and below. */
const FOLDERS = [
  'vmd',
  'vmd/vms',
  VM,
  'imaged',
  `imaged/images/${IMAGE_ID}`,
  `imaged/kernels/${KERNEL_ID}`,
];
const FILES = [
  ...[`${VM}/initrd`, `${VM}/root.qcow2`, `${VM}/work.ext4`, `imaged/images/${IMAGE_ID}/disk.ext4`],
  ...[`imaged/kernels/${KERNEL_ID}/vmlinux`, `imaged/kernels/${KERNEL_ID}/modules.ext4`],
];
const MADE = ['vmm.log', 'qmp.sock', 'guest.sock', 'console.sock'];

/** What a service that has been taken over could put in the place of something of its own. */
const TRICKS: Readonly<Record<string, (path: string, treasure: string) => void>> = {
  'a link to a secret': (path, treasure) => symlinkSync(join(treasure, 'secret'), path),
  'a link to a folder': (path, treasure) => symlinkSync(treasure, path),
  'a link to nothing': (path, treasure) => symlinkSync(join(treasure, 'new'), path),
  'a link to itself': (path) => symlinkSync(path, path),
  "a second name of root's file": (path, treasure) => linkSync(join(treasure, 'secret'), path),
  'a pipe': (path) => execFileSync('mkfifo', [path]),
  'a folder': (path) => mkdirSync(path),
  'a device': (path) => execFileSync('mknod', [path, 'c', '1', '5']),
};

inOwnNamespaces(import.meta.url, () => {
  let lab: HostileLab;
  let treasure = '';
  before(async () => {
    lab = await openHostileLab();
    // Beside the state, because second names are possible only on the same file system.
    treasure = join(dirname(lab.state), 'treasure');
    mkdirSync(treasure);
    writeFileSync(join(treasure, 'secret'), 'nobody but root', { mode: 0o600 });
  });
  after(() => lab[Symbol.asyncDispose]());

  const launch = () => lab.callers.vmd.call('launchVmm', honestRequests(VM_ID).launchVmm);
  const isRunning = async () => {
    const said = await lab.callers.vmd.call('describeVmm', { vmId: VM_ID });
    return DescribeVmmResponse.decode(accepted(said)).vmm !== undefined;
  };

  /** Plays the trick, calls, and puts everything back. */
  async function whilePlanted(
    path: string,
    plant: (path: string, treasure: string) => void,
    run: () => Promise<void>,
  ) {
    const kept = join(dirname(path), `.kept-${basename(path)}`);
    const existed = lstatSync(path, { throwIfNoEntry: false }) !== undefined;
    const before = snapshotTree(treasure);
    if (existed) renameSync(path, kept);
    try {
      plant(path, treasure);
      await run();
    } finally {
      rmSync(path, { recursive: true, force: true });
      if (existed) renameSync(kept, path);
    }
    assert.deepEqual(snapshotTree(treasure), before);
  }

  for (const place of [...FOLDERS, ...FILES]) {
    for (const [name, plant] of Object.entries(TRICKS)) {
      test(`${name} in the place of ${place}`, () =>
        whilePlanted(join(lab.state, place), plant, async () => {
          const { reason } = await launch();
          assert.match(String(reason), /^(OPERATION_REFUSED|HOST_NOT_READY)$/);
          assert.equal(await isRunning(), false);
        }));
    }
  }

  for (const file of FILES) {
    test(`a file of the other service in the place of ${file}`, () =>
      whilePlanted(
        join(lab.state, file),
        (path) => {
          writeFileSync(path, 'not yours');
          const uid = file.startsWith('vmd') ? IMAGED_UID : VMD_UID;
          chownSync(path, uid, uid);
        },
        async () => assert.equal((await launch()).reason, 'OPERATION_REFUSED'),
      ));
  }

  for (const name of MADE) {
    for (const [trick, plant] of Object.entries(TRICKS)) {
      test(`${trick} under the name of ${name}, which a launch makes`, () =>
        whilePlanted(join(lab.state, VM, name), plant, async () => {
          const { reason } = await launch();
          if (reason !== undefined) assert.equal(reason, 'COMMAND_FAILED');
          await lab.callers.vmd.call('signalVmm', { vmId: VM_ID, signal: 'VMM_SIGNAL_KILL' });
          while (await isRunning());
        }));
    }
  }

  test('a vm folder that belongs to somebody else is refused', async () => {
    const path = join(lab.state, VM);
    chownSync(path, IMAGED_UID, IMAGED_UID);
    assert.equal((await launch()).reason, 'OPERATION_REFUSED');
    chownSync(path, VMD_UID, VMD_UID);
  });

  test('a kernel that not everybody may read is refused before anything is done', async () => {
    const path = join(lab.state, `imaged/kernels/${KERNEL_ID}/vmlinux`);
    chmodSync(path, 0o640);
    const { reason, message } = await launch();
    assert.equal(reason, 'HOST_NOT_READY');
    assert.match(String(message), /chmod o\+r/);
    assert.equal(lstatSync(path).gid, IMAGED_UID);
    chmodSync(path, 0o644);
  });

  test('with everything back in its place the vm is launched', async () => {
    accepted(await launch());
    assert.equal(await isRunning(), true);
  });
});
