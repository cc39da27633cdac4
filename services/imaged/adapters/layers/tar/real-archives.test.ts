import assert from 'node:assert/strict';
import { link, mkdir, open, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readEntries } from '../testing/read-entries.ts';
import { makeFolder, missingTool, runTool } from '../testing/run-tool.ts';

/** A small tree with one of each thing that an unprivileged user can make. */
async function makeTree(t: TestContext, longNames: boolean): Promise<string> {
  const folder = await makeFolder(t);
  const tree = join(folder, 'tree');
  await mkdir(join(tree, 'dir/sub'), { recursive: true });
  await writeFile(join(tree, 'dir/file'), 'contents\n');
  await writeFile(join(tree, 'dir/big'), Buffer.alloc(100_000, 'big '));
  await writeFile(
    Buffer.concat([Buffer.from(join(tree, 'dir/')), Buffer.from([0xff, 0xfe])]),
    'bytes',
  );
  await link(join(tree, 'dir/file'), join(tree, 'dir/second'));
  await symlink('../file', join(tree, 'dir/sub/link'));
  runTool('mkfifo', [join(tree, 'dir/pipe')]);
  if (longNames) {
    const deep = join(tree, `${'n'.repeat(90)}/${'m'.repeat(90)}/${'o'.repeat(90)}`);
    await mkdir(deep, { recursive: true });
    await writeFile(join(deep, 'x'.repeat(120)), 'deep');
    await symlink('t'.repeat(200), join(deep, 'long'));
  }
  await utimes(join(tree, 'dir/file'), 1, 1234.5);
  return folder;
}

function normalize(entries: Awaited<ReturnType<typeof readEntries>>) {
  return entries
    .map(({ kind, path, linkTarget, mode, content }) => [
      path.replace(/\/$/, ''),
      kind,
      linkTarget,
      mode,
      content,
    ])
    .sort();
}

const FORMATS = ['v7', 'oldgnu', 'gnu', 'ustar', 'pax'] as const;

for (const format of FORMATS) {
  test(`what GNU tar writes as ${format} reads like what it lists`, {
    skip: missingTool('tar'),
  }, async (t) => {
    const folder = await makeTree(t, format === 'gnu' || format === 'oldgnu' || format === 'pax');
    // Version 7 has no type for pipes.
    const exclude = format === 'v7' ? ['--exclude=pipe'] : [];
    const archive = runTool('tar', [`--format=${format}`, ...exclude, '-C', folder, '-c', 'tree']);
    const entries = await readEntries(archive);
    const listed = runTool('tar', ['--quoting-style=escape', '-t'], archive).toString();
    assert.equal(entries.length, listed.trim().split('\n').length);
    const find = (path: string) => entries.find((entry) => entry.path === path);
    assert.equal(find('tree/dir/\xff\xfe')?.content, 'bytes');
    assert.equal(find('tree/dir/big')?.content, 'big '.repeat(25_000));
    assert.equal(find('tree/dir/sub/link')?.linkTarget, '../file');
    const kinds = [find('tree/dir/file')?.kind, find('tree/dir/second')?.kind].sort();
    assert.deepEqual(kinds, ['file', 'hard link']);
    const file = entries.find(({ content }) => content === 'contents\n');
    assert.deepEqual(file?.mtime, { seconds: 1234, nanoseconds: format === 'pax' ? 5e8 : 0 });
  });
}

test('Python and GNU tar write archives that read the same', {
  skip: missingTool('tar', 'python3'),
}, async (t) => {
  const folder = await makeTree(t, true);
  const expected = normalize(
    await readEntries(runTool('tar', ['--format=gnu', '-C', folder, '-c', 'tree'])),
  );
  for (const format of ['GNU_FORMAT', 'PAX_FORMAT']) {
    const script = `
import os, sys, tarfile
os.chdir(sys.argv[1])
archive = tarfile.open(fileobj=sys.stdout.buffer, mode='w|', format=tarfile.${format}, encoding='utf-8')
archive.add('tree')
archive.close()`;
    const entries = normalize(await readEntries(runTool('python3', ['-c', script, folder])));
    const kindsAside = (rows: typeof entries) =>
      rows.filter(([, kind]) => kind !== 'hard link').length;
    assert.deepEqual(
      entries.map(([path]) => path),
      expected.map(([path]) => path),
      format,
    );
    assert.equal(kindsAside(entries), kindsAside(expected), format);
  }
});

for (const args of [['gnu'], ['pax', '0.0'], ['pax', '0.1'], ['pax', '1.0']]) {
  test(`a sparse file that GNU tar writes as ${args.join(' ')} reads whole`, {
    skip: missingTool('tar'),
  }, async (t) => {
    const folder = await makeFolder(t);
    const file = await open(join(folder, 'sparse'), 'w');
    for (let index = 0; index < 30; index++) await file.write(`run ${index}`, index * 65536);
    await file.truncate(3_000_000);
    await file.close();
    const version = args[1] === undefined ? [] : [`--sparse-version=${args[1]}`];
    const archive = runTool('tar', [
      '-S',
      `--format=${args[0]}`,
      ...version,
      '-C',
      folder,
      '-c',
      'sparse',
    ]);
    assert.ok(archive.length < 1_000_000, 'the file system made no holes');
    const [entry] = await readEntries(archive);
    assert.equal(entry?.path, 'sparse');
    assert.equal(entry?.content.length, 3_000_000);
    assert.equal(
      entry?.content.replaceAll('\0', ''),
      Array.from({ length: 30 }, (_, index) => `run ${index}`).join(''),
    );
  });
}

test('extended attributes that GNU tar writes are read', {
  skip: missingTool('tar', 'python3'),
}, async (t) => {
  const folder = await makeFolder(t);
  await writeFile(join(folder, 'file'), '');
  try {
    const script = "import os, sys; os.setxattr(sys.argv[1], 'user.note', bytes([0, 255, 10]))";
    runTool('python3', ['-c', script, join(folder, 'file')]);
  } catch {
    t.skip('the file system keeps no extended attributes');
    return;
  }
  const archive = runTool('tar', ['--xattrs', '--format=pax', '-C', folder, '-c', 'file']);
  const [entry] = await readEntries(archive);
  assert.deepEqual(entry?.xattrs?.get('user.note'), Buffer.from([0x00, 0xff, 0x0a]));
});
