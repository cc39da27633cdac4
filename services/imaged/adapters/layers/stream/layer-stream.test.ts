import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { constants, gunzip, gzipSync, zstdCompressSync } from 'node:zlib';
import { BangerError } from '#kit/errors.ts';
import type { LayerSource } from '../layer-source.ts';
import { DEFAULT_LIMITS, type Limits } from '../limits.ts';
import { toSource } from '../testing/to-source.ts';
import { LayerStream } from './layer-stream.ts';

const TEXT = Buffer.from(Array.from({ length: 400_000 }, (_, index) => (index * index * 31) >> 7));

async function read(
  source: LayerSource,
  options: { limits?: Partial<Limits>; signal?: AbortSignal } = {},
) {
  const bounds = {
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    totals: { compressedBytes: 0, expandedBytes: 0 },
  };
  using stream = new LayerStream(source, bounds, options.signal);
  const chunks: Buffer[] = [];
  for (let chunk = await stream.read(); chunk !== undefined; chunk = await stream.read())
    chunks.push(chunk);
  stream.verify(true);
  return Buffer.concat(chunks);
}

function sha256(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

const SKIPPABLE = Buffer.from('\x50\x2a\x4d\x18\x04\0\0\0note', 'latin1');
const HALVES = [TEXT.subarray(0, 123_456), TEXT.subarray(123_456)] as const;

const FORMS: [title: string, stored: Buffer, type: string][] = [
  ['plain bytes', TEXT, 'tar'],
  ['gzip', gzipSync(TEXT), 'tar+gzip'],
  ['gzip of several members', Buffer.concat(HALVES.map((half) => gzipSync(half))), 'tar+gzip'],
  ['zstd', zstdCompressSync(TEXT), 'tar+zstd'],
  [
    'zstd of several frames',
    Buffer.concat(HALVES.map((half) => zstdCompressSync(half))),
    'tar+zstd',
  ],
  [
    'zstd amid skippable frames',
    Buffer.concat([
      SKIPPABLE,
      zstdCompressSync(HALVES[0]),
      SKIPPABLE,
      zstdCompressSync(HALVES[1]),
      SKIPPABLE,
    ]),
    'tar+zstd',
  ],
];

for (const [title, stored, type] of FORMS) {
  test(`${title}: told by the first bytes, read and verified however cut`, async () => {
    for (const chunkBytes of [stored.length, 65_536, 1000, 99]) {
      const claims = {
        digest: sha256(stored),
        diffId: sha256(TEXT),
        sizeBytes: stored.length,
        mediaType: `application/vnd.oci.image.layer.v1.${type}`,
      };
      assert.ok(
        (await read({ ...claims, ...toSource(stored, chunkBytes) })).equals(TEXT),
        `${chunkBytes}`,
      );
    }
  });

  test(`${title}: cut short is refused when anything tells its length`, async () => {
    const short = stored.subarray(0, -10);
    await assert.rejects(read({ ...toSource(short), sizeBytes: stored.length }), /cut short/);
    await assert.rejects(read({ ...toSource(short), diffId: sha256(TEXT) }), {
      reason: 'IMAGE_CORRUPT',
    });
    if (type !== 'tar')
      await assert.rejects(read(toSource(short)), {
        reason: 'IMAGE_CORRUPT',
        message: /cut short/,
      });
  });

  test(`${title}: followed by something else is refused`, async () => {
    for (const rest of [Buffer.alloc(10), Buffer.alloc(3_000_000), Buffer.from('garbage')]) {
      for (const chunkBytes of [10_000_000, 1000]) {
        const longer = toSource(Buffer.concat([stored, rest]), chunkBytes);
        await assert.rejects(read({ ...longer, sizeBytes: stored.length }), {
          reason: 'IMAGE_CORRUPT',
        });
        if (type !== 'tar') await assert.rejects(read(longer), { reason: 'IMAGE_CORRUPT' });
      }
    }
  });

  test(`${title}: another digest is refused`, async () => {
    const wrong = sha256(Buffer.from('other'));
    await assert.rejects(
      read({ ...toSource(stored), digest: wrong }),
      /layer does not match its digest: expected sha256:/,
    );
    await assert.rejects(
      read({ ...toSource(stored), diffId: wrong }),
      /decompressed layer does not match/,
    );
  });
}

test('a media type that does not agree with the bytes is refused', async () => {
  const type = (text: string) => ({
    ...toSource(gzipSync(TEXT)),
    mediaType: `application/vnd.${text}`,
  });
  for (const agreeing of [
    'oci.image.layer.v1.tar+gzip',
    'oci.image.layer.nondistributable.v1.tar+gzip',
    'docker.image.rootfs.diff.tar.gzip',
    'docker.image.rootfs.foreign.diff.tar.gzip',
  ]) {
    assert.ok((await read(type(agreeing))).equals(TEXT));
  }
  for (const other of [
    'oci.image.layer.v1.tar',
    'oci.image.layer.v1.tar+zstd',
    'docker.image.rootfs.diff.tar',
  ]) {
    await assert.rejects(read(type(other)), {
      reason: 'IMAGE_CORRUPT',
      message: /has compression "gzip", not "/,
    });
  }
  for (const unknown of ['oci.image.layer.v1.tar+encrypted', 'oci.image.config.v1+json', 'x\n']) {
    await assert.rejects(read(type(unknown)), {
      reason: 'FEATURE_UNSUPPORTED',
      message: /not that of a file system layer/,
    });
  }
});

test('compressions that can not be undone are named', async () => {
  const xz = Buffer.from('\xfd7zXZ\0rest', 'latin1');
  await assert.rejects(read(toSource(xz)), {
    reason: 'FEATURE_UNSUPPORTED',
    message: /"xz" is not supported/,
  });
  await assert.rejects(read(toSource(Buffer.from('BZh91AY'))), /"bzip2" is not supported/);
});

test('damaged data is refused', async () => {
  const checksum = { params: { [constants.ZSTD_c_checksumFlag]: 1 } };
  for (const stored of [gzipSync(TEXT), zstdCompressSync(TEXT, checksum)]) {
    stored.fill(0x55, 2000, 2100);
    await assert.rejects(read(toSource(stored)), { reason: 'IMAGE_CORRUPT', message: /damaged/ });
  }
});

test('a bomb is refused by its ratio, while as many bytes that took space pass', async () => {
  const limits = { expansionRatio: 100, freeExpansionBytes: 1_000_000 };
  for (const compress of [gzipSync, zstdCompressSync]) {
    const bomb = compress(Buffer.alloc(50_000_000));
    await assert.rejects(read(toSource(bomb), { limits }), {
      reason: 'IMAGE_CORRUPT',
      message: /100 times its size/,
    });
    assert.equal((await read(toSource(compress(TEXT)), { limits })).length, TEXT.length);
    assert.equal(
      (await read(toSource(compress(Buffer.alloc(900_000))), { limits })).length,
      900_000,
    );
  }
});

test('stored and expanded bytes are bounded', async () => {
  const stored = gzipSync(TEXT);
  await assert.rejects(
    read(toSource(stored), { limits: { compressedBytes: stored.length - 1 } }),
    /image has more than/,
  );
  await assert.rejects(
    read(toSource(stored), { limits: { expandedBytes: TEXT.length - 1 } }),
    /expands to more than/,
  );
  const exact = { compressedBytes: stored.length, expandedBytes: TEXT.length };
  assert.ok((await read(toSource(stored), { limits: exact })).equals(TEXT));
});

for (const stored of [TEXT, gzipSync(TEXT)]) {
  test('an abort ends the reading, even of a source that never answers', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    async function* silent() {
      yield stored.subarray(0, 1000);
      await new Promise(() => undefined);
    }
    const reading = read({ open: silent }, { signal: controller.signal });
    setImmediate(() => controller.abort(reason));
    await assert.rejects(reading, reason);
  });
}

test('a digest that was verified before is not verified again', async () => {
  const digest = sha256(Buffer.from('other'));
  assert.ok((await read({ ...toSource(TEXT), digest, digestVerified: true })).equals(TEXT));
});

test('an error of the source is not blamed on the image', async () => {
  const missing = read({ open: () => createReadStream('/nonexistent/layer') });
  await assert.rejects(missing, { code: 'ENOENT' });
  const broken = gzipSync(TEXT);
  async function* failing() {
    yield broken.subarray(0, 1000);
    throw new Error('connection reset');
  }
  await assert.rejects(read({ open: failing }), { message: 'connection reset' });
});

const FAILING: [title: string, stored: Buffer][] = [
  ['an unknown compression', Buffer.from('BZh91AY&SY')],
  ['gzip cut short', gzipSync(TEXT).subarray(0, -9)],
  ['gzip followed by something else', Buffer.concat([gzipSync(TEXT), Buffer.from('garbage')])],
  ['zstd cut short', zstdCompressSync(TEXT).subarray(0, -9)],
];

for (const [title, stored] of FAILING) {
  test(`${title} does no harm while nobody reads, and is an error when somebody does`, async () => {
    const bounds = { limits: DEFAULT_LIMITS, totals: { compressedBytes: 0, expandedBytes: 0 } };
    using stream = new LayerStream(toSource(stored), bounds);
    stream.start();
    // Each takes a trip through the thread pool, behind the stream's own.
    for (let trip = 0; trip < 20; trip++) await promisify(gunzip)(gzipSync(TEXT));
    const readAll = async () => {
      while ((await stream.read()) !== undefined);
      stream.verify(true);
    };
    await assert.rejects(readAll(), BangerError);
  });
}
