import { createInterface } from 'node:readline/promises';
import type { Context } from '../context.ts';

/** Asks a person a question that yes or no answers; an empty line is the answer in capitals. */
export async function ask(
  { stdin, out, signal }: Context,
  question: string,
  otherwise: 'yes' | 'no',
): Promise<boolean> {
  const lines = createInterface({ input: stdin, output: out.stderr });
  try {
    const hint = otherwise === 'yes' ? '[Y/n]' : '[y/N]';
    const answer = (await lines.question(`${question} ${hint} `, { signal })).trim();
    return answer === '' ? otherwise === 'yes' : /^y(es)?$/i.test(answer);
  } finally {
    lines.close();
  }
}
