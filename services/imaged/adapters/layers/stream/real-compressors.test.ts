import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { DEFAULT_LIMITS } from '../limits.ts';
import { missingTool, runTool } from '../testing/run-tool.ts';
import { toSource } from '../testing/to-source.ts';
import { LayerStream } from './layer-stream.ts';

/** Compressible, and long enough that parallel compressors cut it into pieces. */
const TEXT = Buffer.from(
  Array.from({ length: 6_000_000 }, (_, index) => 97 + (((index * index) >> 9) % 26)),
);

const COMMANDS: [file: string, ...args: string[]][] = [
  ['gzip', '-1', '-c'],
  ['gzip', '-9', '-c'],
  ['zstd', '-3', '-c', '-q'],
  ['zstd', '-3', '--no-check', '-T2', '-c', '-q'],
  ['zstd', '-1', '--long=27', '-c', '-q'],
  ['pzstd', '-1', '-p', '4', '-c', '-q'],
];

for (const [file, ...args] of COMMANDS) {
  test(`what ${[file, ...args].join(' ')} makes is read whole`, {
    skip: missingTool(file),
  }, async () => {
    const diffId = `sha256:${createHash('sha256').update(TEXT).digest('hex')}`;
    const bounds = { limits: DEFAULT_LIMITS, totals: { compressedBytes: 0, expandedBytes: 0 } };
    using stream = new LayerStream(
      { ...toSource(runTool(file, args, TEXT), 99_999), diffId },
      bounds,
    );
    let bytes = 0;
    for (let chunk = await stream.read(); chunk; chunk = await stream.read()) bytes += chunk.length;
    stream.verify(true);
    assert.equal(bytes, TEXT.length);
  });
}
