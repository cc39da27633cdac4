import { axisSteps, svgLine, svgPage, svgText, trim, WIDTH } from './svg.ts';

const TOP = 64;
const BOTTOM = 312;
const LEFT = 70;
const RIGHT = WIDTH - 40;

export type Scaling = {
  title: string;
  /** How long it took for 1, 2, 3… at once. */
  tookMs: readonly number[];
  /** How long it would take if nothing but the processors were shared. */
  idealMs: readonly number[];
};

/** The time for so many at once, beside what it could be at best. */
export function drawScaling({ title, tookMs, idealMs }: Scaling): string {
  const steps = axisSteps(Math.max(...tookMs, ...idealMs));
  const most = steps.at(-1) ?? 1;
  const x = (index: number) => LEFT + ((RIGHT - LEFT) * index) / Math.max(1, tookMs.length - 1);
  const y = (ms: number) => BOTTOM - ((BOTTOM - TOP) * ms) / most;
  const path = (values: readonly number[]) =>
    values.map((ms, index) => `${trim(x(index))},${trim(y(ms))}`).join(' ');
  return svgPage(title, BOTTOM + 50, [
    svgText(title, { x: 16, y: 24 }),
    svgText('dashed: one create, times machines, divided by processors', {
      x: 16,
      y: 42,
      faint: true,
    }),
    ...steps.flatMap((ms) => [
      svgLine('grid', [LEFT, y(ms)], [RIGHT, y(ms)]),
      svgText(`${ms / 1000} s`, { x: LEFT - 8, y: y(ms) + 4, anchor: 'end', faint: true }),
    ]),
    ...tookMs.map((_, index) =>
      svgText(String(index + 1), { x: x(index), y: BOTTOM + 18, anchor: 'middle', faint: true }),
    ),
    svgText('machines at once', { x: (LEFT + RIGHT) / 2, y: BOTTOM + 38, anchor: 'middle' }),
    `<polyline class="ideal" points="${path(idealMs)}"/>`,
    `<polyline class="line" points="${path(tookMs)}"/>`,
    ...tookMs.map(
      (ms, index) => `<circle class="dot" cx="${trim(x(index))}" cy="${trim(y(ms))}" r="3.5"/>`,
    ),
  ]);
}
