import type { Span } from '../stage-times.ts';
import { axisSteps, svgLine, svgPage, svgText, trim, WIDTH } from './svg.ts';

const ROW = 20;
const TOP = 44;
const LEFT = 190;
const RIGHT = WIDTH - 70;

/** A line for each part of a create, with a bar where it lay in time. */
export function drawWaterfall(title: string, spans: readonly Span[]): string {
  const steps = axisSteps(Math.max(...spans.map(({ to }) => to)));
  const most = steps.at(-1) ?? 1;
  const bottom = TOP + spans.length * ROW;
  const place = (ms: number) => LEFT + ((RIGHT - LEFT) * ms) / most;
  return svgPage(title, bottom + 34, [
    svgText(title, { x: 16, y: 24 }),
    ...steps.flatMap((ms) => [
      svgLine('grid', [place(ms), TOP - 6], [place(ms), bottom]),
      svgText(`${ms} ms`, { x: place(ms), y: bottom + 18, anchor: 'middle', faint: true }),
    ]),
    ...spans.flatMap(({ name, who, from, to }, index) => {
      const y = TOP + index * ROW;
      // What took no time is a hair's breadth, so that its place can be seen.
      const width = Math.max(1, place(to) - place(from));
      return [
        svgText(name, { x: LEFT - 10, y: y + 13, anchor: 'end' }),
        `<rect class="${who}" x="${trim(place(from))}" y="${y + 3}" width="${trim(width)}" height="${ROW - 7}" rx="2"/>`,
        svgText(formatMs(to - from), { x: place(from) + width + 5, y: y + 13, faint: true }),
      ];
    }),
  ]);
}

function formatMs(ms: number): string {
  return ms < 10 ? ms.toFixed(1) : ms.toFixed(0);
}
