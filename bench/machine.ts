import { cpus, loadavg, release, totalmem } from 'node:os';
import { VERSION } from '#kit/program.ts';

/** What the figures depend on, in one line. Read before the measuring, whose own load it would show. */
export function describeMachine(): string {
  const processors = cpus();
  const model = processors[0]?.model ?? 'unknown processor';
  return [
    `${processors.length} × ${model}`,
    `${Math.round(totalmem() / 2 ** 30)} GiB`,
    `Linux ${release()}`,
    `Node.js ${process.versions.node}`,
    `banger ${VERSION}`,
    `load ${loadavg()[0]?.toFixed(1)} before`,
  ].join(', ');
}
