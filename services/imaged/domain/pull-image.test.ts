import assert from 'node:assert/strict';
import test from 'node:test';
import { BangerError } from '#kit/errors.ts';
import { parseImageName } from '#kit/names.ts';
import type { Stage } from '#kit/stages.ts';
import { callOf } from '#kit/testing/call-of.ts';
import { failsWith } from '#kit/testing/fails-with.ts';
import { fakeImaged, imageOf } from '../testing/fakes.ts';
import { digestOf } from './digest.ts';
import type { Image } from './image.ts';
import type { Imaged } from './ports.ts';
import { type PullImage, pullImage } from './pull-image.ts';
import type { Recipe } from './recipe.ts';
import { parseReference } from './reference.ts';

const RECIPE: Recipe = {
  name: parseImageName('box'),
  description: '',
  digest: digestOf(Buffer.from('recipe')),
};

const ENTRY = {
  kind: 'image' as const,
  name: parseImageName('box'),
  description: '',
  architecture: 'amd64',
  digest: digestOf(Buffer.from('file')),
  sizeBytes: 4,
  location: '/box',
  origin: '/catalogue',
};

function pullFrom(
  imaged: Imaged,
  wanted: Partial<PullImage>,
  report: (stage: Stage) => void = () => undefined,
): Promise<Image> {
  const given: PullImage = {
    ...{ source: 'box', name: undefined, credentials: new Map(), insecure: false },
    ...{ replace: false, ifAbsent: false, freeBytes: 0 },
    bytes: (async function* () {})(),
    ...wanted,
  };
  return pullImage(imaged, callOf(), given, report);
}

test('a bare word is a recipe, else of a catalogue, else of a registry', async () => {
  const base = fakeImaged();
  const recipes = { ...base.imaged.recipes, find: () => RECIPE };
  const catalogues = { ...base.imaged.catalogues, list: async () => [ENTRY] };
  const origins: [Partial<Imaged>, string][] = [
    [{ recipes, catalogues }, RECIPE.digest],
    [{ catalogues }, ENTRY.digest],
    [{}, digestOf(Buffer.from('library/box'))],
  ];
  for (const [change, digest] of origins) {
    const { imaged, world } = fakeImaged(change);
    const image = await pullFrom(imaged, {});
    assert.equal(image.name, 'box');
    assert.equal(image.sourceDigest, digest);
    assert.equal(world.staged, 0);
    assert.deepEqual([...world.folders], [image.id]);
  }
});

test('a word that no registry serves either is told with the recipe that was meant', async () => {
  const base = fakeImaged().imaged;
  const recipes = { ...base.recipes, list: () => [RECIPE] };
  const openImage = () => Promise.reject(new BangerError('SERVICE_UNAVAILABLE', 'no network'));
  const { imaged } = fakeImaged({ recipes, registry: { openImage } });
  const meant = failsWith('SERVICE_UNAVAILABLE', /no network; or did you mean "box"\?/);
  await assert.rejects(pullFrom(imaged, { source: 'bxo' }), meant);
  const other = failsWith('SERVICE_UNAVAILABLE', /no network$/);
  await assert.rejects(pullFrom(imaged, { source: 'bxo:1' }), other);
});

test('a recipe that this host cannot follow is replaced, and says so', async () => {
  const reference = parseReference('debian:bookworm');
  const recipe = { ...RECIPE, substitute: { reference, why: 'no apt here' } };
  const { imaged } = fakeImaged();
  const stages: Stage[] = [];
  const recipes = { ...imaged.recipes, find: () => recipe };
  const image = await pullFrom({ ...imaged, recipes }, {}, (stage) => void stages.push(stage));
  assert.equal(image.name, 'box');
  assert.equal(image.sourceDigest, digestOf(Buffer.from('library/debian')));
  assert.equal(stages[0]?.detail, 'no apt here, so the public image comes instead');
});

test('a damaged image is pulled again without being asked to', async () => {
  const { imaged, world } = fakeImaged();
  const broken = imageOf({ name: parseImageName('box'), damage: 'its disk is missing' });
  world.images.set(broken.id, broken);
  for (const ifAbsent of [true, false]) {
    const image = await pullFrom(imaged, { ifAbsent });
    assert.equal(image.damage, '');
    assert.deepEqual([...world.images.keys()], [image.id]);
  }
});

test('whatever fails, the source is closed and no folder stays', async () => {
  const { imaged, world } = fakeImaged();
  const fail = async () => {
    throw new Error('no more');
  };
  const { disks, store } = imaged;
  const broken: Partial<Imaged>[] = [
    { disks: { ...disks, build: fail } },
    { disks: { ...disks, hash: fail } },
    { disks: { ...disks, extractSeed: fail } },
    { store: { ...store, publish: fail } },
  ];
  for (const change of broken) {
    world.asked.length = 0;
    await assert.rejects(pullFrom({ ...imaged, ...change }, {}), /no more/);
    assert.equal(world.asked.at(-1), 'closed');
    assert.equal(world.staged, 0);
    assert.equal(world.folders.size, 0);
    assert.equal(world.images.size, 0);
  }
});

test('replacing by the very same source changes nothing, unless more was asked', async () => {
  const { imaged } = fakeImaged();
  const first = await pullFrom(imaged, {});
  assert.equal((await pullFrom(imaged, { replace: true })).id, first.id);
  const larger = await pullFrom(imaged, { replace: true, freeBytes: 5 });
  assert.notEqual(larger.id, first.id);
});

test('a source that has no name in it needs one', async () => {
  const { imaged } = fakeImaged();
  for (const source of ['tar:', '-', 'oci-archive:', 'docker-archive:latest']) {
    await assert.rejects(pullFrom(imaged, { source }), failsWith('INVALID_FIELD', /--name/));
  }
});
