import assert from 'node:assert/strict';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { failsWith } from '#kit/testing/fails-with.ts';
import { formatTarHeader, tarEnd, tarPadding } from '../tar/format-tar.ts';
import { type ExportOptions, formatPatch, formatStat, withExport } from './export.ts';
import { makeBranch } from './make-branch.ts';
import { planWorkspace } from './plan.ts';
import { type FolderGuest, makeFolderGuest } from './testing/folder-guest.ts';
import { gitIn, makeRepository, type TestRepository } from './testing/git-repository.ts';

const OPTIONS: ExportOptions = { baseCommit: '', exclude: [], maxBytes: 2 ** 20 };
const { signal } = new AbortController();

async function preparedGuest(t: TestContext, repository: TestRepository): Promise<FolderGuest> {
  const guest = makeFolderGuest(t);
  const usual = { mode: 'overlay' as const, branch: '', from: '', readOnly: false };
  const plan = await planWorkspace(
    { path: repository.root, includeUntracked: false, ...usual },
    signal,
  );
  await guest.prepare(plan);
  return guest;
}

async function patchOf({ context, vm }: FolderGuest, change: Partial<ExportOptions> = {}) {
  return withExport(context, vm, { ...OPTIONS, ...change }, async (exported) =>
    Buffer.concat(await Array.fromAsync(formatPatch(exported))),
  );
}

/** Applies a patch to the user's files, as the user would. */
function apply(repository: TestRepository, patch: Buffer): void {
  writeFileSync(join(repository.root, '../patch'), patch);
  repository.git('apply', '--whitespace=nowarn', '../patch');
}

const filesOf = (root: string) => {
  const list = gitIn(root, 'ls-files', '-z', '-s', '--', '.');
  return list.split('\0').sort();
};

test('what was changed in the guest is the same here, byte for byte', async (t) => {
  const repository = makeRepository(t, {
    a: 'one\n',
    'sub/moved': 'm\n',
    gone: 'g\n',
    run: 'r\n',
    'with space': 's\n',
    crlf: 'a\r\n',
    swap1: 'same size 1\n',
    swap2: 'same size 2\n',
    becomes: 'file\n',
    'was/folder': 'x',
  });
  repository.write('a', 'dirty here\n');
  const guest = await preparedGuest(t, repository);
  const at = (name: string) => join(guest.root, name);
  appendFileSync(at('a'), 'guest\n');
  renameSync(at('sub/moved'), at('sub/to\nthere'));
  rmSync(at('gone'));
  chmodSync(at('run'), 0o755);
  appendFileSync(at('crlf'), 'b\r\n');
  renameSync(at('swap1'), at('t'));
  renameSync(at('swap2'), at('swap1'));
  renameSync(at('t'), at('swap2'));
  rmSync(at('becomes'));
  mkdirSync(at('becomes'));
  writeFileSync(at('becomes/folder'), 'f');
  rmSync(at('was'), { recursive: true });
  symlinkSync('a', at('was'));
  writeFileSync(at('bin'), Buffer.from([0, 1, 2, 255]));
  writeFileSync(at('empty'), '');
  writeFileSync(Buffer.from(`${guest.root}/raw\xff"`, 'latin1'), 'raw');
  apply(repository, await patchOf(guest));
  for (const root of [repository.root, guest.root]) gitIn(root, 'add', '--all');
  assert.deepEqual(filesOf(repository.root), filesOf(guest.root));
  assert.equal(readFileSync(join(repository.root, 'a'), 'utf8'), 'dirty here\nguest\n');
});

test("nothing changed is an empty patch, and looking does not touch the user's files", async (t) => {
  const repository = makeRepository(t, { a: 'a', b: 'b' });
  repository.write('a', 'dirty');
  const guest = await preparedGuest(t, repository);
  const before = [
    repository.git('status', '-z'),
    readFileSync(join(repository.root, '.git/index')),
  ];
  assert.equal(String(await patchOf(guest)), '');
  assert.deepEqual(
    [repository.git('status', '-z'), readFileSync(join(repository.root, '.git/index'))],
    before,
  );
});

test('a write whose time was set back is found all the same', async (t) => {
  const repository = makeRepository(t, { a: 'one\n' });
  const guest = await preparedGuest(t, repository);
  writeFileSync(join(guest.root, 'a'), 'two\n');
  utimesSync(join(guest.root, 'a'), 1_000_000, 1_000_000);
  assert.match(String(await patchOf(guest)), /\+two/);
});

test('a commit made in the guest arrives, told from any commit that is asked for', async (t) => {
  const repository = makeRepository(t, { a: 'one\n' });
  const first = repository.git('rev-parse', 'HEAD').trim();
  repository.write('mine', 'not committed\n');
  repository.git('add', 'mine');
  const guest = await preparedGuest(t, repository);
  writeFileSync(join(guest.root, 'a'), 'two\n');
  gitIn(guest.root, 'commit', '--quiet', '-am', 'in the guest');
  assert.doesNotMatch(String(await patchOf(guest)), /mine/);
  const all = String(await patchOf(guest, { baseCommit: first }));
  assert.match(all, /\+two/);
  assert.match(all, /\+not committed/);
  await assert.rejects(
    patchOf(guest, { baseCommit: 'nope' }),
    failsWith('INVALID_FIELD', /is no commit/),
  );
});

test('what .gitignore says stays there, also when the guest wrote it', async (t) => {
  const repository = makeRepository(t, {
    '.gitignore': '*.o\n',
    'sub/.gitignore': 'cache/\n',
    a: 'a',
  });
  const guest = await preparedGuest(t, repository);
  for (const folder of ['sub/cache', 'node_modules/x'])
    mkdirSync(join(guest.root, folder), { recursive: true });
  for (const file of ['x.o', 'sub/cache/y', 'node_modules/x/z', 'kept'])
    writeFileSync(join(guest.root, file), file);
  appendFileSync(join(guest.root, '.gitignore'), 'node_modules/\n');
  const { context, vm } = guest;
  const files = await withExport(context, vm, OPTIONS, async (exported) => exported.files);
  assert.deepEqual(files, [
    { status: 'M', path: '.gitignore' },
    { status: 'A', path: 'kept' },
  ]);
});

test('a branch has one commit on top of the prepared one, and its name must be free', async (t) => {
  const repository = makeRepository(t, { a: 'one\n' });
  const head = repository.git('rev-parse', 'HEAD').trim();
  const guest = await preparedGuest(t, repository);
  writeFileSync(join(guest.root, 'a'), 'two\n');
  const { context, vm } = guest;
  const make = (branch: string) =>
    withExport(context, vm, OPTIONS, (exported) =>
      makeBranch(exported, { branch, parent: head, message: 'm' }),
    );
  const commit = await make('try');
  assert.equal(repository.git('rev-parse', 'try', 'try^'), `${commit}\n${head}\n`);
  assert.equal(repository.git('show', 'try:a'), 'two\n');
  assert.equal(repository.git('status', '--porcelain'), '');
  assert.equal(repository.git('fsck'), '');
  await assert.rejects(make('try'), failsWith('INVALID_FIELD', /there already/));
  await assert.rejects(make('a..b'), failsWith('INVALID_FIELD', /cannot name a branch/));
});

test('a repository without commits gets its changes back', async (t) => {
  const repository = makeRepository(t);
  const guest = await preparedGuest(t, repository);
  writeFileSync(join(guest.root, 'new'), 'new\n');
  apply(repository, await patchOf(guest));
  assert.equal(readFileSync(join(repository.root, 'new'), 'utf8'), 'new\n');
});

test('files that are CRLF here and LF in git come back as git wants them', async (t) => {
  const repository = makeRepository(t, { '.gitattributes': '*.txt text eol=crlf\n' });
  repository.write('a.txt', 'one\r\ntwo\r\n');
  repository.git('add', '--all');
  repository.git('commit', '--quiet', '--message=crlf');
  const guest = await preparedGuest(t, repository);
  appendFileSync(join(guest.root, 'a.txt'), 'three\r\n');
  const patch = await patchOf(guest);
  assert.match(String(patch), /^\+three\n/m);
  assert.doesNotMatch(String(patch), /\r/);
  apply(repository, patch);
  assert.equal(readFileSync(join(repository.root, 'a.txt'), 'utf8'), 'one\r\ntwo\r\nthree\r\n');
});

test('without its snapshot an export is told from the commit, and is right', async (t) => {
  const repository = makeRepository(t, { a: 'a', same: 's' });
  const guest = await preparedGuest(t, repository);
  repository.git('update-ref', '-d', 'refs/banger/0123456789abcdef');
  writeFileSync(join(guest.root, 'a'), 'b');
  const { context, vm } = guest;
  const files = await withExport(context, vm, OPTIONS, async (exported) => exported.files);
  assert.deepEqual(files, [{ status: 'M', path: 'a' }]);
});

test('a name that leads out, or a link that does, is refused, and may be left out', async (t) => {
  const guest = await preparedGuest(t, makeRepository(t, { a: 'a' }));
  guest.lies.entries = [{ path: Buffer.from('.git/hooks/x') }, { path: Buffer.from('../x') }];
  symlinkSync('/etc', join(guest.root, 'etc'));
  const refused = (why: RegExp, ...exclude: readonly string[]) =>
    assert.rejects(patchOf(guest, { exclude }), failsWith('OPERATION_REFUSED', why));
  await refused(/hooks.*leave it out with: --exclude/);
  await refused(/"\.\.\/x".*leads out/, '.git/hooks/x');
  await refused(/"etc".*outside of the repository/, '.git/hooks/x', '../x');
  assert.equal(String(await patchOf(guest, { exclude: ['.git/hooks/x', '../x', 'etc'] })), '');
});

test('a sparse file of 10 GB is refused before a byte of it is read', async (t) => {
  const guest = await preparedGuest(t, makeRepository(t, { a: 'a' }));
  writeFileSync(join(guest.root, 'big'), '');
  truncateSync(join(guest.root, 'big'), 10 * 2 ** 30);
  await assert.rejects(patchOf(guest), failsWith('OPERATION_REFUSED', /"big".*10 GiB.*--max-size/));
});

function archive(path: string, sizeBytes: number, content: Buffer): Buffer[] {
  const head = { type: 'file' as const, mode: 0o644, mtimeSeconds: 0 };
  const header = formatTarHeader({ ...head, path: Buffer.from(path), sizeBytes });
  return [header, content, tarPadding(sizeBytes), tarEnd()];
}

const LIES: Readonly<Record<string, [pieces: Buffer[], why: RegExp]>> = {
  'another file': [archive('.git/hooks/x', 1, Buffer.from('x')), /without being asked for/],
  'more than it announced': [archive('new', 2 ** 33, Buffer.alloc(2 ** 16)), /--max-size/],
  'an archive that breaks off': [
    archive('new', 5, Buffer.from('12')).slice(0, 2),
    /ends too early/,
  ],
  'an empty archive': [[tarEnd()], /went away/],
  'no archive at all': [[Buffer.alloc(1024, 'x')], /damaged/],
};

for (const [what, [pieces, why]] of Object.entries(LIES)) {
  test(`a guest that sends ${what} is refused, and leaves nothing`, async (t) => {
    const repository = makeRepository(t, { a: 'a' });
    const guest = await preparedGuest(t, repository);
    const objects = repository.git('count-objects', '-v');
    writeFileSync(join(guest.root, 'new'), 'n');
    guest.lies.archive = async function* () {
      yield* pieces;
    };
    await assert.rejects(patchOf(guest), failsWith('OPERATION_REFUSED', why));
    assert.equal(repository.git('count-objects', '-v'), objects);
  });
}

test('what changed can be told in figures', async (t) => {
  const guest = await preparedGuest(t, makeRepository(t, { a: 'a\n' }));
  writeFileSync(join(guest.root, 'a'), 'b\n');
  const text = await withExport(guest.context, guest.vm, OPTIONS, formatStat);
  assert.match(text, /a \| 2 \+-\n 1 file changed/);
});
