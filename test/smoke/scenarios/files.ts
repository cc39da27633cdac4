import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { create } from '../machine.ts';
import { pure, type Scenario } from '../scenario.ts';

export const fileScenarios: readonly Scenario[] = [
  pure('copy_file', 'a file goes in and comes back the same to the byte', async (smoke) => {
    const { name: vm } = await create(smoke);
    const content = randomBytes(3_000_001);
    await smoke.ok('vm', 'cp', smoke.write('data', content), `${vm}:/etc/other`);
    await smoke.ok('vm', 'cp', `${vm}:/etc/other`, smoke.path('back'));
    assert.ok(readFileSync(smoke.path('back')).equals(content), 'it came back changed');
    await smoke.refused(/no "\/nowhere"/, 'vm', 'cp', `${vm}:/nowhere`, smoke.path('none'));
  }),

  pure('copy_folder', 'a folder with links and modes goes in and comes back', async (smoke) => {
    const { name: vm } = await create(smoke);
    const script = smoke.write('tree/sub/two words', '#!/bin/sh\necho ran\n');
    await smoke.user.run('chmod', '755', script);
    await smoke.user.run('ln', '-s', 'sub/two words', smoke.path('tree/link'));
    await smoke.ok('vm', 'cp', smoke.path('tree'), `${vm}:/srv`);
    assert.equal(await smoke.guest(vm, '/srv/link; stat -c %a "/srv/sub/two words"'), 'ran\n755\n');
    await smoke.ok('vm', 'cp', `${vm}:/srv`, smoke.path('back'));
    assert.equal(await smoke.user.run('diff', '-r', smoke.path('tree'), smoke.path('back')), '');
    const linked = await smoke.user.run('readlink', smoke.path('back/link'));
    assert.equal(linked, 'sub/two words\n');
  }),

  pure('copy_stream', 'tar streams go in and come out', async (smoke) => {
    const { name: vm } = await create(smoke);
    smoke.write('src/file', 'content');
    const archive = smoke.path('src.tar');
    await smoke.user.run('tar', '-C', smoke.path('.'), '-cf', archive, 'src');
    const input = readFileSync(archive);
    const sent = await smoke.bangerWith({ input }, 'vm', 'cp', '-', `${vm}:/srv/new`);
    assert.equal(sent.code, 0, sent.stderr);
    assert.equal(await smoke.guest(vm, 'cat /srv/new/src/file'), 'content');
    assert.match(await smoke.ok('vm', 'cp', `${vm}:/srv/new/src`, '-'), /file[\s\S]*content/);
  }),

  pure('file_sync', 'files that the configuration names are in every new guest', async (smoke) => {
    const folder = smoke.path('config');
    const sync = `host = "${smoke.write('token', 'secret\n')}"\nguest = "~/.token"\n`;
    smoke.write('config/banger/config.toml', `[[file_sync]]\n${sync}`);
    // The services have been started with the configuration of all; only the command reads this one.
    const { code, stdout, stderr } = await smoke.bangerWith(
      { env: { XDG_CONFIG_HOME: folder } },
      ...['vm', 'run', '--image', 'busybox', '--memory', '128M', '--network', 'none'],
      ...['--name', smoke.vm, '--rm', '--', 'cat', '/root/.token'],
    );
    assert.deepEqual([code, stdout], [0, 'secret\n'], stderr);
  }),
];
