import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { failsWith } from './testing/fails-with.ts';
import { startGreetedGuest } from './testing/greeted-guest.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';

const tar = (...args: string[]) => execFileSync('tar', args, { maxBuffer: 2 ** 28 });
const once = (bytes: Buffer) => Readable.from([bytes]);

/** A tree with all that a tar archive can hold for an ordinary user. */
function makeTree(folder: string): void {
  mkdirSync(join(folder, 'sub/deep'), { recursive: true });
  writeFileSync(join(folder, 'empty'), '');
  writeFileSync(join(folder, 'sub/run'), '#!/bin/sh\n', { mode: 0o755 });
  writeFileSync(join(folder, 'sub/large'), Buffer.alloc(300_001, 'abcdefg'));
  linkSync(join(folder, 'sub/run'), join(folder, 'sub/deep/same'));
  symlinkSync('../nowhere at all', join(folder, 'sub/link'));
  writeFileSync(join(folder, 'with space\nand line ünï'), 'odd');
  writeFileSync(join(folder, `long${'-name'.repeat(30)}`), 'long');
  symlinkSync(`t${'arget'.repeat(60)}`, join(folder, 'long-link'));
  chmodSync(join(folder, 'sub'), 0o2750);
  utimesSync(join(folder, 'sub/large'), 1, 1_234_567.25);
  utimesSync(join(folder, 'sub/deep'), 1, 1_000_000);
}

/** What `tar` itself says of a tree: names, types, modes, owners, sizes, times and targets. */
function describe(folder: string): string {
  const script = 'find . -mindepth 1 -printf "%P %y %m %U %G %s %T@ %l %n\\n" | sort';
  return execFileSync('sh', ['-c', script], { cwd: folder, encoding: 'utf8' });
}

function content(folder: string): Buffer {
  return tar('--sort=name', '-C', folder, '-cf', '-', '.');
}

test('a tree goes in and comes out as it was', async (t) => {
  const { guest } = await startGreetedGuest(t);
  const [source, target, back] = [temporaryFolder(t), temporaryFolder(t), temporaryFolder(t)];
  makeTree(source);
  for (const format of ['gnu', 'pax', 'ustar']) {
    const into = join(target, format, 'made/here');
    const names = format === 'ustar' ? ['sub', 'empty'] : ['.'];
    const archive = tar(`--format=${format}`, '-C', source, '-cf', '-', ...names);
    const totals = await guest.unpack(into, once(archive), { createFolder: true });
    assert.ok(totals.entries >= 6 && totals.bytes >= 300_000);
    if (format !== 'ustar') assert.deepEqual(content(into), content(source));
  }
  const packed = guest.pack(source);
  const received = await buffer(packed.stream);
  assert.equal((await packed.totals).entries, 10);
  execFileSync('tar', ['-C', back, '-xpf', '-'], { input: received });
  assert.equal(describe(back), describe(source));
});

test('named paths are packed with their names, and nothing else', async (t) => {
  const { guest } = await startGreetedGuest(t);
  const source = temporaryFolder(t);
  makeTree(source);
  const names = async (...wanted: string[]) => {
    const archive = await buffer(guest.pack(source, { names: wanted }).stream);
    return execFileSync('tar', ['-tf', '-'], { input: archive, encoding: 'utf8' }).split('\n');
  };
  assert.deepEqual(await names('sub/deep', 'empty'), ['sub/deep/', 'sub/deep/same', 'empty', '']);
  assert.deepEqual(await names('sub/link'), ['sub/link', '']);
});

test('a name that leads out, or is not there, is refused by name', async (t) => {
  const { guest } = await startGreetedGuest(t);
  const source = temporaryFolder(t);
  makeTree(source);
  symlinkSync('/etc', join(source, 'out'));
  const refused = [
    ['../x', /cannot pack "..\/x": .*leads out/],
    ['/etc', /absolute/],
    ['out/passwd', /"out" is a symbolic link, which is not followed/],
    ['none', /cannot pack "none".*No such file/],
  ] as const;
  for (const [name, message] of refused) {
    const { stream, totals } = guest.pack(source, { names: [name] });
    stream.resume();
    await assert.rejects(totals, failsWith('INVALID_FIELD', message));
  }
  await assert.rejects(guest.pack('/no/such').totals, failsWith('INVALID_FIELD', /"\/no\/such"/));
});

/** An archive with entries `tar` would never make. */
function evil(entries: { name: string; type?: string; target?: string }[]): Buffer {
  const blocks = entries.map(({ name, type = '0', target = '' }) => {
    const block = Buffer.alloc(512);
    block.write(name, 0);
    block.write('0000644\0', 100);
    block.write('0000000\0', 108);
    block.write('0000000\0', 116);
    block.write('00000000000\0', 124);
    block.write('00000000000\0', 136);
    block.write('        ', 148);
    block.write(type, 156);
    block.write(target, 157);
    block.write('ustar\x0000', 257);
    const sum = block.reduce((total, byte) => total + byte, 0);
    block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return block;
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

test('an archive that tries to leave its folder is refused, and nothing outside changes', async (t) => {
  const { guest } = await startGreetedGuest(t);
  const around = temporaryFolder(t);
  const folder = join(around, 'in');
  mkdirSync(folder);
  writeFileSync(join(around, 'canary'), 'alive');
  const before = statSync(around).mtimeMs;
  const traps = [
    [[{ name: '../canary' }], /"..\/canary".*leads out/],
    [[{ name: 'a/../../canary' }], /leads out/],
    [[{ name: '/etc/banger-test' }], /absolute/],
    [[{ name: 'l', type: '2', target: '..' }, { name: 'l/canary' }], /"l" is a symbolic link/],
    [[{ name: 'h', type: '1', target: '../canary' }], /leads out/],
    [[{ name: 'h', type: '1', target: 'l/canary' }], /"l" is a symbolic link/],
    [[{ name: 'x', type: 'S' }], /sparse file/],
    [[{ name: 'x', type: 'Z' }], /unknown kind "Z"/],
    [[{ name: '..', type: '5' }], /leads out/],
    [[{ name: 'x'.repeat(99) + '/'.repeat(1) }, { name: '.', type: '0' }], /target folder itself/],
  ] as const;
  for (const [entries, message] of traps) {
    await assert.rejects(guest.unpack(folder, once(evil([...entries]))), message);
  }
  assert.equal(readFileSync(join(around, 'canary'), 'utf8'), 'alive');
  assert.equal(statSync(around).mtimeMs, before);
  await guest.unpack(folder, once(evil([{ name: 'honest' }])));
  assert.ok(statSync(join(folder, 'honest')).isFile());
});

test('what is no archive, or ends too early, is refused', async (t) => {
  const { guest } = await startGreetedGuest(t);
  const folder = temporaryFolder(t);
  const whole = tar('-C', '/etc', '-cf', '-', 'passwd');
  await assert.rejects(guest.unpack(folder, once(Buffer.alloc(5000, 'x'))), /not a tar archive/);
  await assert.rejects(guest.unpack(folder, once(whole.subarray(0, 700))), /ends in the middle/);
  await assert.rejects(guest.unpack(folder, Readable.from([])), /ends in the middle/);
});

test('files are replaced, links in their place too, but never a folder', async (t) => {
  const { guest } = await startGreetedGuest(t);
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'old'), 'old content that is longer');
  symlinkSync('/etc/passwd', join(folder, 'link'));
  mkdirSync(join(folder, 'dir/inner'), { recursive: true });
  const archive = evil([{ name: 'old' }, { name: 'link' }]);
  await guest.unpack(folder, once(archive), { owner: { uid: 0, gid: 0 } });
  assert.equal(readFileSync(join(folder, 'old'), 'utf8'), '');
  assert.ok(lstatSync(join(folder, 'link')).isFile());
  await assert.rejects(
    guest.unpack(folder, once(evil([{ name: 'dir' }]))),
    /"dir": a folder is in its place/,
  );
});

test('owners are those of the archive, or the one that was asked for', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('only root can set owners');
  const { guest } = await startGreetedGuest(t);
  const [source, target] = [temporaryFolder(t), temporaryFolder(t)];
  writeFileSync(join(source, 'file'), 'x', { mode: 0o4755 });
  chmodSync(join(source, 'file'), 0o4755);
  const archive = tar('--owner=1234', '--group=4321', '-C', source, '-cf', '-', 'file');
  await guest.unpack(target, once(archive));
  const kept = statSync(join(target, 'file'));
  assert.deepEqual([kept.uid, kept.gid, kept.mode & 0o7777], [1234, 4321, 0o4755]);
  await guest.unpack(target, once(archive), { owner: { uid: 7, gid: 8 } });
  const set = statSync(join(target, 'file'));
  assert.deepEqual([set.uid, set.gid, set.mode & 0o7777], [7, 8, 0o4755]);
  return undefined;
});

test('a folder that is missing is an error, unless it may be made', async (t) => {
  const { guest } = await startGreetedGuest(t);
  const folder = join(temporaryFolder(t), 'no/such');
  const archive = evil([{ name: 'file' }]);
  await assert.rejects(guest.unpack(folder, once(archive)), failsWith('INVALID_FIELD', /no\/such/));
  assert.equal((await guest.unpack(folder, once(archive), { createFolder: true })).entries, 1);
});

test('a source that fails ends the unpacking with its own error', async (t) => {
  const { guest } = await startGreetedGuest(t);
  async function* failing(): AsyncGenerator<Buffer> {
    yield tar('-C', '/etc', '-cf', '-', 'passwd').subarray(0, 512);
    throw new Error('the disk is gone');
  }
  const unpacked = guest.unpack(temporaryFolder(t), failing());
  await assert.rejects(unpacked, (error: Error) => {
    assert.match(String((error.cause as Error).message), /the disk is gone/);
    return true;
  });
  await guest.ping();
});

test('a file is described, a link followed only when asked', async (t) => {
  const { guest } = await startGreetedGuest(t);
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'file'), '12345', { mode: 0o640 });
  utimesSync(join(folder, 'file'), 1, 1_500_000_000.5);
  symlinkSync('file', join(folder, 'link'));
  const file = await guest.stat(join(folder, 'file'));
  assert.deepEqual([file.mode, file.sizeBytes, file.links], [0o100640, 5, 1]);
  assert.deepEqual([file.mtimeSeconds, file.mtimeNanoseconds], [1_500_000_000, 500_000_000]);
  const changedMs = file.ctimeSeconds * 1000 + Math.floor(file.ctimeNanoseconds / 1e6);
  assert.equal(changedMs, Math.floor(statSync(join(folder, 'file')).ctimeMs));
  const link = await guest.stat(join(folder, 'link'));
  assert.equal(String(link.target), readlinkSync(join(folder, 'link')));
  assert.equal((await guest.stat(join(folder, 'link'), { follow: true })).mode, 0o100640);
  await assert.rejects(guest.stat('/no/such'), failsWith('INVALID_FIELD', /"\/no\/such".*No such/));
});

test('an archive that nobody reads to its end is given up in the guest too', async (t) => {
  const { guest } = await startGreetedGuest(t);
  const { stream, totals } = guest.pack('/usr/lib');
  for await (const chunk of stream) {
    assert.ok((chunk as Buffer).length > 0);
    break;
  }
  await assert.rejects(totals);
  await guest.ping();
});

test('the archive of a large tree is the one tar makes', async (t) => {
  const { guest } = await startGreetedGuest(t);
  const target = temporaryFolder(t);
  const source = '/usr/share/zoneinfo';
  const unpacking = spawn('tar', ['-C', target, '-xpf', '-'], {
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  const closed = new Promise((resolve) => unpacking.once('close', resolve));
  guest.pack(source).stream.pipe(unpacking.stdin);
  assert.equal(await closed, 0);
  assert.equal(describe(target), describe(source));
});
