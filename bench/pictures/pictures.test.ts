import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawScaling } from './scaling.ts';
import { axisSteps } from './svg.ts';
import { drawWaterfall } from './waterfall.ts';

test('an axis has round steps and ends where the largest value fits', () => {
  assert.deepEqual(axisSteps(1180), [0, 200, 400, 600, 800, 1000, 1200]);
  assert.deepEqual(axisSteps(500), [0, 100, 200, 300, 400, 500]);
  assert.deepEqual(axisSteps(7), [0, 2, 4, 6, 8]);
});

test('a bar lies where its part lay in time, and says how long that was', () => {
  const svg = drawWaterfall('Time & "more"', [
    { name: 'launch', who: 'vmd', from: 0, to: 100 },
    { name: 'guest: root', who: 'guest', from: 100, to: 400 },
  ]);
  const bars = [...svg.matchAll(/<rect class="(vmd|guest)" x="([\d.]+)" [^>]*width="([\d.]+)"/g)];
  const [launch, root] = bars.map(([, who, x, width]) => ({
    who,
    x: Number(x),
    width: Number(width),
  }));
  assert.ok(launch !== undefined && root !== undefined);
  assert.equal(root.who, 'guest');
  assert.ok(Math.abs(root.x - (launch.x + launch.width)) < 0.2);
  assert.ok(Math.abs(root.width - 3 * launch.width) < 0.4);
  assert.match(svg, />300</);
  assert.match(svg, /<title>Time &amp; &quot;more&quot;<\/title>/);
});

test('a drawing has colours for dark pages too', () => {
  assert.match(drawWaterfall('', []), /@media\(prefers-color-scheme:dark\)\{\.panel\{fill:#0d1117/);
});

test('what takes longer stands higher', () => {
  const svg = drawScaling({
    title: 'At once',
    tookMs: [1000, 2000, 4000],
    idealMs: [1000, 1000, 1500],
  });
  const heights = [...svg.matchAll(/<circle [^>]*cy="([\d.]+)"/g)].map(([, y]) => Number(y));
  assert.equal(heights.length, 3);
  assert.deepEqual(
    [...heights].sort((a, b) => b - a),
    heights,
  );
  assert.match(svg, /<polyline class="ideal" points="70,/);
});
