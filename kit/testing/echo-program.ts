import { loadLibc } from '../libc.ts';
import { createLog } from '../log.ts';
import { createMetrics } from '../metrics.ts';
import { startServer } from '../server.ts';
import { EchoDefinition, echo } from './echo-contract.ts';

// A service in a process of its own, for tests that kill it: node echo-program.ts SOCKET. Says "ready" when it
// listens, and "called" when a call that will never be answered has come.
const [path = ''] = process.argv.slice(2);

await startServer({
  socket: { path, mode: 0o600 },
  rpcs: [{ definition: EchoDefinition, implementation: { ...echo, say: neverAnswer } }],
  log: createLog({ level: 'error', write: () => undefined, now: () => new Date() }),
  metrics: createMetrics('echo'),
  libc: loadLibc(),
  admits: () => true,
  allows: () => true,
});
process.stdout.write('ready\n');

function neverAnswer(): Promise<never> {
  process.stdout.write('called\n');
  return new Promise(() => undefined);
}
