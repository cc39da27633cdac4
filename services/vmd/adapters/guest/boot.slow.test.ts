import assert from 'node:assert/strict';
import { symlinkSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import type { Guest } from './guest.ts';
import {
  findObstacle,
  greetVm,
  makeRootDisk,
  makeWorkDisk,
  startVm,
} from './testing/booted-guest.ts';
import { failsWith } from './testing/fails-with.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';

const obstacle = await findObstacle();
const real = { skip: obstacle ?? false };

const MIB = 2 ** 20;
const MACHINE_ID = '0123456789abcdef0123456789abcdef';

async function shell(guest: Guest, script: string, user = ''): Promise<string> {
  const process = guest.exec({ argv: ['sh', '-c', script], user });
  const [stdout, stderr] = await Promise.all([text(process.stdout), text(process.stderr)]);
  assert.deepEqual(await process.wait(), { kind: 'exited', status: 0, droppedBytes: 0 }, stderr);
  return stdout;
}

test(
  'an image without an init boots, is grown, named and connected, and answers',
  real,
  async (t) => {
    const folder = temporaryFolder(t);
    const vm = await startVm(t, {
      disks: [makeWorkDisk(folder), makeRootDisk(folder)],
      network: true,
      config: {
        hostname: 'web',
        machineId: MACHINE_ID,
        disks: { work: 'serial:work' },
        network: { address: '10.0.2.15/24', gateway: '10.0.2.2', mtu: 1400 },
        nameservers: ['10.0.2.3'],
      },
      files: [
        { path: '/root/.ssh', mode: 0o700, folder: true },
        { path: '/root/.ssh/authorized_keys', mode: 0o600, content: Buffer.from('key\n') },
        { path: '/srv/ann', mode: 0o640, uid: 1000, gid: 10, content: Buffer.from('hers') },
      ],
    });
    const guest = await greetVm(t, vm);
    const readyMs = performance.now() - vm.startedMs;
    t.diagnostic(`from the start of QEMU to ready: ${Math.round(readyMs)} ms`);
    t.diagnostic(guest.ready.phases.map((each) => `${each.name} ${each.atNs / 1e6}`).join(', '));
    assert.deepEqual([guest.ready.init, guest.ready.warnings], ['banger', []]);
    assert.match(await shell(guest, 'uname -a'), /^Linux web 6\./);
    assert.equal(await shell(guest, 'cat /etc/hostname /etc/machine-id'), `web\n${MACHINE_ID}\n`);
    assert.equal(await shell(guest, 'cat /etc/resolv.conf'), 'nameserver 10.0.2.3\n');
    const files = 'stat -c "%a %u %g %n" /root/.ssh /root/.ssh/authorized_keys /srv /srv/ann';
    assert.deepEqual((await shell(guest, files)).trimEnd().split('\n'), [
      ...['700 0 0 /root/.ssh', '600 0 0 /root/.ssh/authorized_keys'],
      ...['755 0 0 /srv', '640 1000 10 /srv/ann'],
    ]);
    assert.match(await shell(guest, 'ip addr show eth0'), /mtu 1400[\s\S]* 10\.0\.2\.15\/24/);
    assert.match(await shell(guest, 'ip route'), /default via 10\.0\.2\.2/);
    assert.match(
      await shell(guest, 'id', 'ann'),
      /^uid=1000\(ann\) gid=1000\(ann\) groups=.*10\(wheel\)/,
    );
    assert.match(
      await shell(guest, 'ls -d /dev/fd /dev/pts/ptmx /dev/shm /tmp /run; tty || true'),
      /ptmx/,
    );
    const { mounts } = await guest.figures();
    assert.ok(
      mounts.every(({ path, totalBytes }) => totalBytes > (path === '/' ? 450 : 100) * MIB),
    );
    assert.match(await shell(guest, 'ps -o pid,args'), /\n +1 \/init\n[\s\S]* @banger-agent\n/);
  },
);

test('what was written is there after a power-off that takes no time', real, async (t) => {
  const disk = makeRootDisk(temporaryFolder(t));
  const first = await startVm(t, { disks: [disk] });
  const guest = await greetVm(t, first);
  const script = 'trap "" TERM; echo kept > /kept; echo up; while :; do sleep 1; done';
  const stubborn = guest.exec({ argv: ['sh', '-c', script] });
  for await (const chunk of stubborn.stdout) {
    assert.equal(String(chunk), 'up\n');
    break;
  }
  const stopMs = performance.now();
  await guest.powerOff();
  assert.equal(await first.exited, 0);
  t.diagnostic(`power-off: ${Math.round(performance.now() - stopMs)} ms`);
  await guest.closed;
  const second = await greetVm(t, await startVm(t, { disks: [disk] }));
  assert.equal(await shell(second, 'cat /kept'), 'kept\n');
  assert.notEqual(second.ready.bootId, guest.ready.bootId);
});

test('a command is answered quickly and bytes flow quickly, both ways', real, async (t) => {
  const guest = await greetVm(t, await startVm(t));
  const times: number[] = [];
  for (let round = 0; round < 20; round++) {
    const startMs = performance.now();
    await guest.exec({ argv: ['true'] }).wait();
    times.push(performance.now() - startMs);
  }
  t.diagnostic(
    `exec of true: first ${times[0]?.toFixed(1)} ms, median ${median(times).toFixed(1)} ms`,
  );
  const out = guest.exec({ argv: ['dd', 'if=/dev/zero', 'bs=64k', 'count=3200'] });
  out.stderr.resume();
  let bytes = 0;
  const outMs = performance.now();
  for await (const chunk of out.stdout as AsyncIterable<Buffer>) bytes += chunk.length;
  assert.equal(bytes, 200 * MIB);
  t.diagnostic(`guest to host: ${rate(bytes, outMs)}`);
  const into = guest.exec({ argv: ['dd', 'of=/dev/null', 'bs=64k'], stdin: true });
  into.stderr.resume();
  const intoMs = performance.now();
  Readable.from(Array(200).fill(Buffer.alloc(MIB))).pipe(into.stdin);
  assert.equal((await into.wait()).kind, 'exited');
  t.diagnostic(`host to guest: ${rate(200 * MIB, intoMs)}`);
});

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] ?? 0;
const rate = (bytes: number, sinceMs: number) =>
  `${Math.round(bytes / 1000 / (performance.now() - sinceMs))} MB/s`;

test(
  'a host that vanishes in the middle of everything leaves a guest the next one can use',
  real,
  async (t) => {
    const vm = await startVm(t);
    let guest = await greetVm(t, vm);
    const { bootId } = guest.ready;
    for (let round = 0; round < 5; round++) {
      const flood = guest.exec({ argv: ['cat'], stdin: true });
      Readable.from(Array(20).fill(Buffer.alloc(MIB, 0x93))).pipe(flood.stdin);
      let seen = 0;
      for await (const chunk of flood.stdout as AsyncIterable<Buffer>) {
        seen += chunk.length;
        if (seen > (round + 1) * 300_000) break;
      }
      guest.close();
      guest = await greetVm(t, vm);
      assert.equal(guest.ready.bootId, bootId);
      assert.equal(await shell(guest, 'echo fine'), 'fine\n');
    }
    const left = 'while ps -o args | grep -q "^cat$"; do sleep 0.1; done';
    await shell(guest, left);
  },
);

test(
  'the agent outlives a signal to everyone, and PID 1 switches off when told',
  real,
  async (t) => {
    const vm = await startVm(t, { config: { init: 'none' } });
    const guest = await greetVm(t, vm);
    await guest.execDetached({ argv: ['sh', '-c', 'kill -TERM -1; kill -HUP -1; kill -INT -1'] });
    while ((await guest.processes())[0]?.state === 'running') await guest.ping();
    const zombies =
      'sh -c "(sleep 0.01 &) ; exit 0"; while ps -o stat,args | grep -q "^Z"; do sleep 0.1; done';
    await shell(guest, zombies);
    await guest.execDetached({ argv: ['kill', '-38', '1'] });
    assert.equal(await vm.exited, 0);
  },
);

test('clock, entropy and identity of a running guest are set', real, async (t) => {
  const guest = await greetVm(t, await startVm(t, { network: true }));
  await guest.setClock(new Date('2031-02-03T04:05:06Z'));
  assert.match(await shell(guest, 'date -u -Iseconds'), /^2031-02-03T04:05:/);
  await guest.addEntropy(Buffer.alloc(64, 7));
  const config = 'hostname other\nmac 52:54:00:aa:bb:cc\naddress 10.0.2.77/24\ngateway 10.0.2.2\n';
  for (let round = 0; round < 2; round++) await guest.setIdentity(config);
  assert.equal(await shell(guest, 'hostname; cat /etc/hostname'), 'other\nother\n');
  const link = await shell(guest, 'ip addr show eth0; ip route');
  assert.match(link, /52:54:00:aa:bb:cc[\s\S]*10\.0\.2\.77\/24[\s\S]*default via 10\.0\.2\.2/);
  const wrong = guest.setIdentity('init /bin/sh\n');
  await assert.rejects(
    wrong,
    failsWith('INVALID_FIELD', /"init" cannot change in a running guest/),
  );
});

const failures = [
  {
    title: 'a disk that is not there',
    options: { config: { disks: { root: 'serial:other' } } },
    step: 'root',
    reason: /no disk "serial:other" appeared within 10 s; there are: vda \(serial "root"\)/,
  },
  {
    title: 'a disk that holds no file system',
    options: { change: 'blank' },
    step: 'root',
    reason: /cannot mount "\/dev\/vda" as ext4: Invalid argument/,
  },
  {
    title: 'a folder of the image that is a link, under an identity file',
    options: { change: 'link' },
    step: 'identity',
    reason: /"planted" is a symbolic link, which is not followed/,
  },
  {
    title: 'an init that is not there',
    options: { config: { init: '/no/such/init' } },
    step: 'agent',
    reason: /the configured init "\/no\/such\/init" cannot run: No such file/,
  },
] as const;

for (const { title, options, step, reason } of failures) {
  test(
    `a boot fails with its step and reason, and the machine goes off: ${title}`,
    real,
    async (t) => {
      const folder = temporaryFolder(t);
      const change = (tree: string) => symlinkSync('/etc', join(tree, 'planted'));
      const disk = makeRootDisk(folder, change);
      if ('change' in options && options.change === 'blank') {
        truncateSync(disk.path, 0);
        truncateSync(disk.path, 64 * MIB);
      }
      const linked = 'change' in options && options.change === 'link';
      const vm = await startVm(t, {
        disks: [disk],
        ...('config' in options ? { config: options.config } : {}),
        files: linked ? [{ path: '/planted/x', mode: 0o644, content: Buffer.from('x') }] : [],
      });
      await assert.rejects(greetVm(t, vm), (error: unknown) => {
        assert.ok(failsWith('GUEST_UNREACHABLE', /failed to boot/)(error));
        const { metadata } = error as { metadata: Record<string, string> };
        assert.equal(metadata.step, step);
        assert.match(metadata.reason ?? '', reason);
        return true;
      });
      assert.equal(await vm.exited, 0);
      assert.match(await vm.console(), new RegExp(`banger-guest: failed: ${step}: `));
    },
  );
}
