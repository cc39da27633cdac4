import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient } from '#kit/client.ts';
import { openConnection } from '#kit/connection.ts';
import { KernelServiceDefinition } from '#proto/banger/v1/kernel.ts';
import { startBackground } from '../background.ts';
import { CHUNK_BYTES, CHUNKS } from '../chunks.ts';
import { referenceFile } from '../reference-file.ts';
import type { Contest, Row, Sample, Scope } from '../row.ts';

export const rpcStream: Row = {
  name: 'rpc-stream',
  subject: 'a server stream of 64 KiB chunks',
  references: [{ name: 'a raw Unix socket in plain Node' }],
  figure: { name: 'throughput', unit: 'MiB/s' },
  beside: { name: 'client CPU', unit: 'ms' },
  rounds: 15,
  warmUps: 3,
  note: '64 MiB from a service made of the kit, read message by message. More is better here. What is larger than console output goes by path between services, not by stream.',
  prepare,
};

async function prepare(scope: Scope): Promise<Contest> {
  const streamed = join(scope.folder, 'stream.sock');
  const raw = join(scope.folder, 'raw.sock');
  const service = fileURLToPath(new URL('../stream-service.ts', import.meta.url));
  const env = { HOME: scope.folder };
  await startBackground(scope, { args: [service, streamed], env, socket: streamed });
  await startBackground(scope, {
    args: [referenceFile('socket-server.ts'), raw],
    env,
    socket: raw,
  });
  const connection = openConnection({ socket: streamed, service: 'bench', patienceMs: 0 });
  scope.cleanup.defer(() => connection.close());
  const kernels = createClient(KernelServiceDefinition, connection);
  return {
    subject: () =>
      timeBytes(async () => {
        let bytes = 0;
        for await (const { chunk } of kernels.exportKernel({})) bytes += chunk.length;
        return bytes;
      }),
    references: [
      () =>
        timeBytes(async () => {
          let bytes = 0;
          for await (const part of connect(raw) as AsyncIterable<Buffer>) bytes += part.length;
          return bytes;
        }),
    ],
  };
}

async function timeBytes(receive: () => Promise<number>): Promise<Sample> {
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  const bytes = await receive();
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  if (bytes !== CHUNKS * CHUNK_BYTES) throw new Error(`the stream ended after ${bytes} bytes`);
  return { value: bytes / 2 ** 20 / seconds, beside: (user + system) / 1000 };
}
