import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readEntries } from '../testing/read-entries.ts';
import { expandRuns, gnuSparse, paxSparse, type Runs } from '../testing/sparse-builder.ts';
import { buildTar, padded, type TarSpec } from '../testing/tar-builder.ts';

const FORMS = {
  "GNU's old form": gnuSparse,
  'PAX 0.0': (runs: Runs, size: number) => paxSparse('0.0', runs, size),
  'PAX 0.1': (runs: Runs, size: number) => paxSparse('0.1', runs, size),
  'PAX 1.0': (runs: Runs, size: number) => paxSparse('1.0', runs, size),
};

const MANY: Runs = Array.from({ length: 150 }, (_, index) => [index * 100, 7]);

for (const [form, build] of Object.entries(FORMS)) {
  test(`sparse files in ${form} are read, and the entry after them`, async () => {
    for (const [runs, sizeBytes] of [
      [
        [
          [0, 10],
          [600, 5],
        ],
        700,
      ],
      [[[5, 600]], 605],
      [
        [
          [0, 0],
          [1000, 0],
        ],
        1000,
      ],
      [[[700, 0]], 700],
      [MANY, 20000],
    ] as [Runs, number][]) {
      const archive = buildTar(build(runs, sizeBytes), { path: 'after', content: 'x' });
      for (const chunkBytes of [1024 ** 2, 300]) {
        const [sparse, after] = await readEntries(archive, { chunkBytes });
        assert.equal(sparse?.sizeBytes, sizeBytes);
        assert.equal(sparse?.sparse, true);
        assert.equal(sparse?.content, expandRuns(runs, sizeBytes));
        assert.equal(after?.content, 'x');
      }
    }
  });

  test(`a hostile map in ${form} is refused`, async () => {
    const hostile: [Runs, number, RegExp][] = [
      [
        [
          [0, 10],
          [5, 10],
        ],
        100,
        /runs that overlap/,
      ],
      [
        [
          [50, 10],
          [0, 10],
        ],
        100,
        /runs that overlap/,
      ],
      [[[95, 10]], 100, /beyond the end/],
      [[[2 ** 32, 10]], 100, /beyond the end/],
      [[[0, 10]], 2 ** 32, /claims a size of 4294967296 bytes/],
    ];
    for (const [runs, sizeBytes, message] of hostile) {
      const archive = buildTar(build(runs, sizeBytes));
      const limits = { fileBytes: 2 ** 31 };
      await assert.rejects(readEntries(archive, { limits }), { reason: 'IMAGE_CORRUPT', message });
    }
  });

  test(`a map in ${form} that does not agree with what is stored is refused`, async () => {
    const spec = build([[0, 10]], 100);
    const size = spec.size ?? Buffer.from(spec.content ?? '').length;
    const longer = buildTar({ ...spec, size: size + 5 });
    await assert.rejects(readEntries(longer), /does not agree with what is stored/);
    assert.equal((await readEntries(buildTar({ ...spec, size }))).length, 1);
  });

  test(`a map in ${form} beyond the limit is refused`, async () => {
    const limits = { headerBytes: 1024 };
    await assert.rejects(
      readEntries(buildTar(build(MANY, 20000)), { limits }),
      /too long|has a header of/,
    );
    const few: Runs = [
      [0, 10],
      [600, 5],
    ];
    assert.equal((await readEntries(buildTar(build(few, 700)), { limits })).length, 1);
  });
}

test('the made-up path of a sparse file gives way to the real one', async () => {
  const [entry] = await readEntries(
    buildTar({ ...paxSparse('1.0', [[0, 1]], 2), path: 'GNUSparseFile.0/real' }),
  );
  assert.equal(entry?.path, 'real');
});

test('maps that are no maps are refused', async () => {
  const whole = paxSparse('1.0', [[0, 1]], 2);
  const withMap = (map: string) => ({ ...whole, content: padded(Buffer.from(map)) });
  const refused: [TarSpec, RegExp][] = [
    [withMap('x\n'), /not a number/],
    [withMap('-1\n'), /not a number/],
    [withMap('1\n0\n-5\n'), /not a number/],
    [withMap('1'.repeat(600)), /not a number/],
    [withMap('1\n2'), /too long|not a number/],
    [withMap(`999999999999999\n${'0\n'.repeat(248)}`), /too long/],
    [withMap(`1\n${'0'.repeat(2000)}`), /not a number/],
    [
      {
        pax: [
          ['GNU.sparse.major', '1'],
          ['GNU.sparse.minor', '0'],
        ],
      },
      /has no size/,
    ],
    [
      {
        pax: [
          ['GNU.sparse.major', '2'],
          ['GNU.sparse.minor', '0'],
          ['GNU.sparse.realsize', '0'],
        ],
      },
      /unknown version/,
    ],
    [
      {
        pax: [
          ['GNU.sparse.map', '0,-1'],
          ['GNU.sparse.size', '5'],
        ],
      },
      /map that is not a size/,
    ],
    [
      {
        pax: [
          ['GNU.sparse.map', '0,1,2'],
          ['GNU.sparse.size', '5'],
        ],
      },
      /middle of a run/,
    ],
    [{ type: '5', path: 'a/', pax: [['GNU.sparse.size', '5']] }, /is a sparse directory/],
  ];
  for (const [spec, message] of refused) {
    await assert.rejects(readEntries(buildTar(spec)), { reason: 'IMAGE_CORRUPT', message });
  }
});
