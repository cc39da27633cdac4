import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { localPaths, type ServiceName } from '#kit/paths.ts';
import { HostCheck, HostCheckStatus } from '#proto/banger/v1/info.ts';
import type { Context } from '../context.ts';
import { createOutput } from '../output/output.ts';
import { doctor } from './doctor.ts';

const TAPS = HostCheck.fromPartial({ name: 'taps', status: HostCheckStatus.PASS, detail: 'there' });
const QEMU = HostCheck.fromPartial({
  ...{ name: 'qemu', status: HostCheckStatus.FAIL, detail: 'missing' },
  remedy: 'apt-get install qemu-system-x86',
});

async function run(checks: Partial<Record<ServiceName, HostCheck[]>>) {
  const stdout = new PassThrough();
  const out = createOutput(
    {
      stdout: stdout as unknown as NodeJS.WriteStream,
      stderr: new PassThrough() as unknown as NodeJS.WriteStream,
    },
    { json: false, quiet: false, color: false },
  );
  const info = (service: ServiceName) => ({
    checkHost: async () => ({ checks: checks[service] ?? [] }),
  });
  const { signal } = new AbortController();
  const paths = localPaths({ HOME: '/nonexistent' }, 1000);
  const context = { clients: { info }, out, signal, uid: 1000, paths } as unknown as Context;
  const code = await doctor.run(context, { arguments: [], options: {}, rest: undefined });
  stdout.end();
  return { code, said: await text(stdout) };
}

test('what one service passes on from another is told once', async () => {
  const { code, said } = await run({ vmd: [TAPS], netd: [TAPS] });
  assert.deepEqual([code, said], [0, 'PASS  vmd     taps: there\n\nthis host is ready\n']);
});

test('a check that fails says how to mend it and gives status 1', async () => {
  const { code, said } = await run({ vmd: [QEMU], netd: [TAPS] });
  assert.equal(code, 1);
  assert.match(said, /^FAIL {2}vmd {5}qemu: missing\n +mend it with: apt-get install qemu/);
});
