/** Colours for light pages and for dark ones. The panel has its own, in case the page goes another way than the reader. */
const STYLE = `
.panel{fill:#ffffff;stroke:#d1d9e0}text{fill:#1f2328;font:12px system-ui,sans-serif}.faint{fill:#59636e}
.grid{stroke:#d1d9e0}.vmd{fill:#0969da}.guest{fill:#1a7f37}.command{fill:#9a6700}
.line{fill:none;stroke:#0969da;stroke-width:2}.ideal{fill:none;stroke:#59636e;stroke-dasharray:5 4}.dot{fill:#0969da}
@media(prefers-color-scheme:dark){.panel{fill:#0d1117;stroke:#3d444d}text{fill:#f0f6fc}.faint{fill:#9198a1}
.grid{stroke:#3d444d}.vmd{fill:#4493f8}.guest{fill:#3fb950}.command{fill:#d29922}
.line{stroke:#4493f8}.ideal{stroke:#9198a1}.dot{fill:#4493f8}}
`;

export const WIDTH = 760;

/** A whole drawing, as high as its content. */
export function svgPage(title: string, height: number, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" role="img">`,
    `<title>${escapeText(title)}</title>`,
    `<style>${STYLE}</style>`,
    `<rect class="panel" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="6"/>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

export type TextPlace = { x: number; y: number; anchor?: 'start' | 'middle' | 'end'; faint?: true };

export function svgText(text: string, { x, y, anchor = 'start', faint }: TextPlace): string {
  const style = faint ? ' class="faint"' : '';
  return `<text${style} x="${trim(x)}" y="${trim(y)}" text-anchor="${anchor}">${escapeText(text)}</text>`;
}

export function svgLine(
  name: string,
  from: readonly [number, number],
  to: readonly [number, number],
) {
  const [x1, y1, x2, y2] = [...from, ...to].map(trim);
  return `<line class="${name}" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"/>`;
}

/** Round steps of an axis, six or less, from 0 to at least the given value. */
export function axisSteps(most: number): number[] {
  const rough = most / 6;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step =
    [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? rough;
  const count = Math.ceil(most / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}

/** A tenth of a pixel is all that can be seen. */
export function trim(value: number): string {
  return String(Math.round(value * 10) / 10);
}

export function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
