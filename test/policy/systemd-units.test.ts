import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkSystemdUnits } from './systemd-units.ts';
import { treeOf } from './tree.ts';

const unit = (program: string) => `[Service]\nExecStart=/usr/lib/banger/node dist/${program}\n`;
const HOUSE = {
  'services/vmd/main.ts': '',
  'deploy/systemd/banger-vmd.service': unit('vmd.mjs'),
  'deploy/systemd/banger-vmd.socket': '',
};
const check = (files: Readonly<Record<string, string>>) =>
  checkSystemdUnits(treeOf({ ...HOUSE, ...files }), ['vmd']);

test('units of programs that exist pass, and a house without units needs none', () => {
  assert.deepEqual(check({}), []);
  assert.deepEqual(checkSystemdUnits(treeOf({ 'services/vmd/main.ts': '' }), ['vmd']), []);
});

test('a unit that starts no program of ours, or one that is gone, is refused', () => {
  const file = 'deploy/systemd/banger-x.service';
  assert.deepEqual(check({ [file]: unit('imaged.mjs') }), [
    `${file}: there is no services/imaged/main.ts`,
  ]);
  assert.deepEqual(check({ [file]: 'ExecStart=/bin/true\n' }), [
    `${file}: starts no program of banger`,
  ]);
});

test('a socket without its service is refused', () => {
  assert.deepEqual(check({ 'deploy/systemd/banger-netd.socket': '' }), [
    'deploy/systemd/banger-netd.socket: there is no deploy/systemd/banger-netd.service',
  ]);
});

test('a service that no unit starts is refused once there are units', () => {
  assert.deepEqual(checkSystemdUnits(treeOf(HOUSE), ['vmd', 'netd']), [
    'deploy/systemd/: no unit starts netd',
  ]);
});
