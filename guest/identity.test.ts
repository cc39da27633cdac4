import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BangerError } from '#kit/errors.ts';
import { formatConfig, type GuestConfig, writeIdentityArchive } from './identity.ts';
import { listCpio, noCpio, readFromCpio } from './testing/cpio-listing.ts';

const FULL: GuestConfig = {
  hostname: 'web',
  machineId: '0123456789abcdef0123456789abcdef',
  init: 'none',
  disks: { root: 'serial:root', work: 'serial:work', modules: 'device:vdc' },
  network: { address: '172.30.0.5/16', gateway: '172.30.0.1', mtu: 1400, mac: '52:54:00:0a:0b:0c' },
  nameservers: ['1.1.1.1', '9.9.9.9'],
  search: 'vm',
  channel: 'vsock:1024',
  powerOff: 'reset',
};

test('a configuration is one line for each value', () => {
  assert.deepEqual(formatConfig(FULL).trimEnd().split('\n'), [
    ...['hostname web', 'machine-id 0123456789abcdef0123456789abcdef', 'init none'],
    ...['root serial:root', 'work serial:work', 'modules device:vdc', 'channel vsock:1024'],
    ...['power-off reset', 'mac 52:54:00:0a:0b:0c', 'address 172.30.0.5/16'],
    ...['gateway 172.30.0.1', 'mtu 1400', 'nameserver 1.1.1.1', 'nameserver 9.9.9.9', 'search vm'],
  ]);
  assert.equal(formatConfig({}), '');
});

test('a value cannot smuggle in another line', () => {
  for (const hostname of ['web\ninit /evil', 'web\r', '', 'a\0b']) {
    assert.throws(() => formatConfig({ hostname }), BangerError);
  }
});

test('files come with their folders above them, owners and modes as asked', {
  skip: noCpio,
}, () => {
  const archive = writeIdentityArchive({ hostname: 'web' }, [
    { path: '/root/.ssh/authorized_keys', mode: 0o600, content: Buffer.from('key\n') },
    { path: '/root/.ssh', mode: 0o700, folder: true },
    { path: '/etc/hosts', mode: 0o644, content: Buffer.from('127.0.0.1 localhost\n') },
    { path: '/etc/localtime', target: '/usr/share/zoneinfo/UTC' },
    { path: '/srv/data', mode: 0o640, uid: 1000, gid: 1001, content: Buffer.alloc(0) },
  ]);
  assert.deepEqual(listCpio(archive), [
    'drwxr-xr-x 2 0 0 0 identity',
    '-rw------- 1 0 0 13 identity/config',
    'drwxr-xr-x 2 0 0 0 identity/files',
    'drwxr-xr-x 2 0 0 0 identity/files/etc',
    '-rw-r--r-- 1 0 0 20 identity/files/etc/hosts',
    'lrwxrwxrwx 1 0 0 23 identity/files/etc/localtime -> /usr/share/zoneinfo/UTC',
    'drwxr-xr-x 2 0 0 0 identity/files/root',
    'drwx------ 2 0 0 0 identity/files/root/.ssh',
    '-rw------- 1 0 0 4 identity/files/root/.ssh/authorized_keys',
    'drwxr-xr-x 2 0 0 0 identity/files/srv',
    '-rw-r----- 1 1000 1001 0 identity/files/srv/data',
  ]);
  assert.equal(String(readFromCpio(archive, 'identity/config')), 'hostname web\n');
});

test('a path that leads elsewhere is refused', () => {
  for (const path of ['etc/hosts', '/', '/etc/', '/a/../etc/hosts', '/a//b', '/./a']) {
    const file = { path, mode: 0o644, content: Buffer.alloc(0) };
    assert.throws(() => writeIdentityArchive({}, [file]), BangerError, path);
  }
});
