import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { programRoot } from '#kit/program.ts';
import { startImaged } from './testing/imaged-process.ts';
import { collect } from './testing/pull-client.ts';
import { runTool } from './testing/run-tool.ts';
import { seededBytes } from './testing/seeded-random.ts';
import { makeTar, type TarMember } from './testing/tar-bytes.ts';

const ENTRIES = 200_000;
const FILES_PER_FOLDER = 100;
const LIMIT_MIB = 300;
const CHUNK_BYTES = 64 * 1024;
/** What ends an archive, which `makeTar` appends. */
const END_BYTES = 1024;

/** A root file system of many small files, made while it is sent. */
function* archive(): Generator<Buffer> {
  const bytes = seededBytes(5000, 1);
  for (let folder = 0; folder < ENTRIES / FILES_PER_FOLDER; folder++) {
    const path = `usr/lib/package-${folder}/`;
    const members: TarMember[] = [{ name: path, type: '5', mode: 0o755 }];
    for (let file = 1; file < FILES_PER_FOLDER; file++) {
      const content = bytes.subarray(0, (file * 997) % bytes.length);
      members.push({ name: `${path}file-number-${file}.txt`, content });
    }
    yield makeTar(members).subarray(0, -END_BYTES);
  }
  yield Buffer.alloc(END_BYTES);
}

async function* requests() {
  yield { part: { $case: 'start' as const, value: { source: 'tar:', name: 'many' } } };
  for (const bytes of archive()) {
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
      yield { part: { $case: 'chunk' as const, value: bytes.subarray(at, at + CHUNK_BYTES) } };
    }
  }
}

test(`an image of ${ENTRIES} entries takes at most ${LIMIT_MIB} MiB of memory`, async (t) => {
  // As it is shipped: from its sources, Node keeps those too.
  await runTool(process.execPath, join(programRoot(), 'deploy/build.ts'));
  const imaged = await startImaged(t, { main: join(programRoot(), 'dist/imaged.mjs') });
  const { image } = await collect(imaged.images.pullImage(requests()));
  assert.ok(image.sizeBytes > 600 * 2 ** 20);
  const peak = await imaged.peakMib();
  assert.ok(peak < LIMIT_MIB, `${Math.round(peak)} MiB`);
  t.diagnostic(`${Math.round(peak)} MiB`);
});
