/** What a scanner of TypeScript meets: text that is not code, a template's quote, a brace, anything else. */
const PIECE = new RegExp(
  [
    String.raw`(?<text>//[^\n]*|/\*[\s\S]*?\*/|'(?:\\[\s\S]|[^'\\\n])*'|"(?:\\[\s\S]|[^"\\\n])*")`,
    // A slash begins a regular expression where no value can have ended before it.
    String.raw`(?<regex>(?<=(?:^|[(,=:[!&|?{};>+]|\breturn|\bcase)\s*)/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+/)`,
    '(?<mark>[`{}])',
    String.raw`(?<other>[\s\S])`,
  ].join('|'),
  'y',
);

const TEMPLATE_TEXT = /(?:\\[\s\S]|\$(?!\{)|[^`\\$])*(?<end>`|\$\{)?/y;

/**
 * The source with everything that is not code made blank: comments, and the insides of strings, templates and
 * regular expressions. Offsets, lines and quotes stay, so that what is found here can be looked up there.
 */
export function codeOf(source: string): string {
  const pieces: string[] = [];
  const braces: ('block' | 'hole')[] = [];
  let at = 0;
  const template = () => {
    TEMPLATE_TEXT.lastIndex = at;
    const match = TEMPLATE_TEXT.exec(source);
    const end = match?.groups?.end ?? '';
    const text = match?.[0] ?? '';
    at += text.length;
    pieces.push(blank(text.slice(0, text.length - end.length)), end);
    if (end === '${') braces.push('hole');
  };
  while (at < source.length) {
    PIECE.lastIndex = at;
    const { text, regex, mark, other } = PIECE.exec(source)?.groups ?? {};
    at += (text ?? regex ?? mark ?? other ?? ' ').length;
    if (text !== undefined) pieces.push(blankInside(text));
    else if (regex !== undefined) pieces.push(blank(regex));
    else pieces.push(mark ?? other ?? '');
    if (mark === '{') braces.push('block');
    if (mark === '`' || (mark === '}' && braces.pop() === 'hole')) template();
  }
  return pieces.join('');
}

function blankInside(text: string): string {
  if (text.startsWith('/')) return blank(text);
  return `${text[0]}${blank(text.slice(1, -1))}${text.at(-1)}`;
}

function blank(text: string): string {
  return text.replaceAll(/[^\n]/g, ' ');
}

/** Only what stands outside of every brace, bracket and parenthesis: the statements of the module itself. */
export function moduleCodeOf(source: string): string {
  let depth = 0;
  return codeOf(source).replaceAll(/[^\n]/g, (char) => {
    if (')]}'.includes(char)) depth -= 1;
    const shown = depth === 0 ? char : ' ';
    if ('([{'.includes(char)) depth += 1;
    return shown;
  });
}
