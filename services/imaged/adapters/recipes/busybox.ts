import { chmod, copyFile, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import { run, runStreaming } from '#kit/exec.ts';
import type { ScratchTools } from './scratch-tools.ts';

const TIMEOUT_MS = 120_000;
const PACKAGE = 'busybox-static';

/** Names that would make the image look as if it had an init of its own; without one, banger's guest program is it. */
const LEFT_OUT = new Set(['init', 'linuxrc', 'busybox']);

const FOLDERS = [
  'bin',
  'sbin',
  'usr/bin',
  'usr/sbin',
  'etc',
  'root',
  'var',
  'dev',
  'proc',
  'sys',
  'run',
  'mnt',
];

const FILES: Readonly<Record<string, string>> = {
  'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n',
  'etc/group': 'root:x:0:\nnogroup:x:65534:\n',
  'etc/profile': "export PS1='\\h:\\w\\$ '\n",
  'etc/os-release': 'NAME=BusyBox\nID=busybox\n',
};

/** A root file system of one static program and its names, made from the distribution's package. */
export async function* buildBusybox(tools: ScratchTools, call: Call): AsyncGenerator<Buffer, void> {
  await using scratch = await tools.begin();
  const tree = join(scratch.folder, 'tree');
  await makeTree(call, scratch.folder, tree);
  yield* packTree(call, tree);
}

async function makeTree(call: Call, scratch: string, tree: string): Promise<void> {
  for (const folder of FOLDERS) await mkdir(join(tree, folder), { recursive: true });
  await mkdir(join(tree, 'tmp'));
  await chmod(join(tree, 'tmp'), 0o1777);
  await chmod(join(tree, 'root'), 0o700);
  for (const [path, content] of Object.entries(FILES)) await writeFile(join(tree, path), content);
  const program = join(tree, 'bin/busybox');
  await copyFile(await fetchBusybox(call, scratch), program);
  await chmod(program, 0o755);
  const limits = { signal: call.signal, timeoutMs: TIMEOUT_MS };
  const names = (await run(program, ['--list-full'], limits)).split('\n');
  for (const name of names) {
    if (name === '' || LEFT_OUT.has(basename(name))) continue;
    await mkdir(dirname(join(tree, name)), { recursive: true });
    await symlink('/bin/busybox', join(tree, name));
  }
}

/** The program out of the package, which is not installed for it. */
async function fetchBusybox(call: Call, scratch: string): Promise<string> {
  const limits = { signal: call.signal, timeoutMs: TIMEOUT_MS };
  try {
    await run('apt-get', ['download', PACKAGE], { ...limits, cwd: scratch });
  } catch (cause) {
    call.signal.throwIfAborted();
    throw new BangerError(
      'HOST_NOT_READY',
      `apt cannot download "${PACKAGE}"; bring its lists up to date with: sudo apt-get update`,
      { cause },
    );
  }
  const file = (await readdir(scratch)).find((name) => name.endsWith('.deb'));
  if (file === undefined) throw new BangerError('COMMAND_FAILED', 'apt-get downloaded nothing');
  await run('dpkg-deb', ['-x', join(scratch, file), join(scratch, 'package')], limits);
  return join(scratch, 'package/bin/busybox');
}

/** Owned by root and without times, so that the same package gives the same image. */
function packTree(call: Call, tree: string): AsyncGenerator<Buffer, void> {
  const plain = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@0'];
  return runStreaming('tar', ['-C', tree, ...plain, '-cf', '-', '.'], {
    signal: call.signal,
    timeoutMs: TIMEOUT_MS,
  });
}
