import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const BUSYBOX = '/usr/bin/busybox';

/** A tree like a small container image: busybox and accounts, no init, hardly a folder. */
export function makeBusyboxTree(root: string): void {
  mkdirSync(join(root, 'bin'), { recursive: true });
  mkdirSync(join(root, 'etc'));
  cpSync(BUSYBOX, join(root, 'bin/busybox'));
  const applets = execFileSync(BUSYBOX, ['--list'], { encoding: 'utf8' }).trim().split('\n');
  for (const applet of applets.filter((name) => name !== 'busybox' && name !== 'init')) {
    symlinkSync('busybox', join(root, 'bin', applet));
  }
  const accounts = 'root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n';
  writeFileSync(join(root, 'etc/passwd'), accounts);
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nann:x:1000:\nwheel:x:10:ann\n');
}

/** Makes an ext4 file system of the tree, on a disk that is larger than it. */
export function makeDisk(
  path: string,
  tree: string,
  sizes: { fsMib: number; diskMib: number },
): void {
  execFileSync('mkfs.ext4', ['-q', '-F', '-b', '4096', '-d', tree, path, `${sizes.fsMib}M`]);
  truncateSync(path, sizes.diskMib * 2 ** 20);
  rmSync(tree, { recursive: true });
}
