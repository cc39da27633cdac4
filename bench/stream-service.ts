import { loadLibc } from '#kit/libc.ts';
import { createLog } from '#kit/log.ts';
import { createMetrics } from '#kit/metrics.ts';
import { startServer } from '#kit/server.ts';
import { KernelServiceDefinition } from '#proto/banger/v1/kernel.ts';
import { CHUNK_BYTES, CHUNKS } from './chunks.ts';

/** A service made of the kit that streams bulk data over a real contract, and nothing else. */
const [path = ''] = process.argv.slice(2);
const chunk = Buffer.alloc(CHUNK_BYTES);

await startServer({
  socket: { path, mode: 0o600 },
  rpcs: [
    {
      definition: KernelServiceDefinition,
      implementation: {
        async *exportKernel() {
          for (let sent = 0; sent < CHUNKS; sent += 1) yield { chunk };
        },
      },
    },
  ],
  log: createLog({ level: 'info', write: () => undefined, now: () => new Date() }),
  metrics: createMetrics('bench'),
  libc: loadLibc(),
  admits: () => true,
  allows: () => true,
});
process.once('SIGTERM', () => process.exit(0));
