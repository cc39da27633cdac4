import type { Ended } from '../integration/local-user.ts';

/** What happened in one scenario, kept until it is known whether anybody wants to read it. */
export type Transcript = {
  begin(args: readonly string[]): { end(ended: Ended): void; fail(error: unknown): void };
  note(text: string): void;
  toString(): string;
};

const MOST_CHARACTERS = 2000;

export function createTranscript(now: () => number = () => performance.now()): Transcript {
  const startedAt = now();
  const lines: string[] = [];
  const seconds = () => `${((now() - startedAt) / 1000).toFixed(1).padStart(6)} s`;
  const say = (text: string) => void lines.push(`${seconds()}  ${text}`);
  return {
    note: say,
    begin(args) {
      const command = `banger ${args.map(quote).join(' ')}`;
      say(`$ ${command}`);
      return {
        end: ({ code, stdout, stderr }) => {
          say(`${code} = ${command}`);
          lines.push(...indent('out', stdout), ...indent('err', stderr));
        },
        fail: (error) => say(`${command}: ${String(error)}`),
      };
    },
    toString: () => lines.join('\n'),
  };
}

function quote(word: string): string {
  return /^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** The beginning of what is long: a result that is in the way helps nobody. */
function indent(stream: string, text: string): string[] {
  if (text === '') return [];
  const shown =
    text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}… (${text.length})` : text;
  return shown
    .trimEnd()
    .split('\n')
    .map((line) => `            ${stream} ${line}`);
}
