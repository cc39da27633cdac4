/** How a piece of a line looks, as far as the commands here use it. */
export type Look = { color?: Color; bold?: true; faint?: true };
export type Color = (typeof COLORS)[number];
export type Span = Look & { text: string };

/** In the order of their numbers, 30 to 37. */
export const COLORS = [
  'black',
  'red',
  'green',
  'yellow',
  'blue',
  'magenta',
  'cyan',
  'white',
] as const;

/** What `tmux capture-pane -e` prints, as lines of spans of one look each; empty lines at the end are dropped. */
export function readScreen(captured: string): Span[][] {
  let look: Look = {};
  const lines = captured.split('\n').map((line) => {
    const spans: Span[] = [];
    for (const [index, part] of line.split(ESCAPE).entries()) {
      // What comes before the first escape sequence has none; what comes after one begins with its codes.
      const end = index === 0 ? -1 : part.indexOf('m');
      if (index > 0) look = select(look, part.slice(0, end));
      const text = part.slice(end + 1);
      if (text !== '') spans.push({ ...look, text });
    }
    return spans;
  });
  while (lines.at(-1)?.length === 0) lines.pop();
  return lines;
}

/** Of "select graphic rendition", the only kind that tmux prints. */
const ESCAPE = '\x1b[';

function select(before: Look, codes: string): Look {
  return codes.split(';').map(Number).reduce(change, before);
}

function change(look: Look, code: number): Look {
  if (code === 0) return {};
  if (code === 1) return { ...look, bold: true };
  if (code === 2) return { ...look, faint: true };
  if (code === 22) return { ...(look.color === undefined ? {} : { color: look.color }) };
  if (code === 39) {
    const { color: _, ...rest } = look;
    return rest;
  }
  // The bright ones look the same here.
  const color = COLORS[code >= 90 ? code - 90 : code - 30];
  return color === undefined ? look : { ...look, color };
}
