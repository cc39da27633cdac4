import type { Span } from './screen.ts';

const CHARACTER = { width: 8.4, height: 19 };
const BORDER = 18;

const STYLE = `
.window{fill:#0d1117;stroke:#3d444d}text{fill:#e6edf3;font:14px ui-monospace,monospace;white-space:pre}
.bold{font-weight:bold}.faint{fill-opacity:.6}
.black{fill:#6e7681}.red{fill:#ff7b72}.green{fill:#3fb950}.yellow{fill:#d29922}
.blue{fill:#58a6ff}.magenta{fill:#bc8cff}.cyan{fill:#39c5cf}.white{fill:#f0f6fc}
`;

/** A drawing of a terminal's screen. */
export function drawScreen(title: string, columns: number, lines: readonly Span[][]): string {
  const width = Math.ceil(columns * CHARACTER.width + 2 * BORDER);
  const height = lines.length * CHARACTER.height + 2 * BORDER;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" role="img">`,
    `<title>${escapeText(title)}</title>`,
    `<style>${STYLE}</style>`,
    `<rect class="window" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>`,
    ...lines.map(drawLine),
    '</svg>',
    '',
  ].join('\n');
}

function drawLine(spans: readonly Span[], index: number): string {
  const y = BORDER + CHARACTER.height * (index + 0.75);
  let column = 0;
  const parts = spans.map((span) => {
    const x = BORDER + column * CHARACTER.width;
    column += span.text.length;
    // Every span at its own column: whatever font the reader has, columns stay below each other.
    const place = `x="${x.toFixed(1)}" textLength="${(span.text.length * CHARACTER.width).toFixed(1)}"`;
    return `<tspan ${place}${classOf(span)}>${escapeText(span.text)}</tspan>`;
  });
  return `<text y="${y}">${parts.join('')}</text>`;
}

function classOf({ color, bold, faint }: Span): string {
  const names = [color, bold && 'bold', faint && 'faint'].filter(Boolean);
  return names.length === 0 ? '' : ` class="${names.join(' ')}"`;
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
