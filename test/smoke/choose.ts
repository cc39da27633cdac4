import { findNearest } from '#kit/nearest.ts';
import { CLASSES, type Scenario } from './scenario.ts';

/** What was asked for cannot be; the message says all. */
export class WrongWords extends Error {
  override readonly name = 'WrongWords';
}

/** The scenarios of these names and classes, all of them when neither is given. Each text may hold several, by comma. */
export function choose(
  scenarios: readonly Scenario[],
  names: readonly string[] | undefined,
  classes: readonly string[] | undefined,
): Scenario[] {
  const known = scenarios.map(({ name }) => name);
  const wanted = parse(names, known, 'scenario') ?? known;
  const of = parse(classes, CLASSES, 'class') ?? CLASSES;
  return scenarios.filter(
    (scenario) => wanted.includes(scenario.name) && of.includes(scenario.class),
  );
}

function parse(
  texts: readonly string[] | undefined,
  known: readonly string[],
  what: string,
): string[] | undefined {
  const words = texts?.flatMap((text) => text.split(',')).filter((word) => word !== '');
  for (const word of words ?? []) {
    if (known.includes(word)) continue;
    const [hint] = findNearest(word, known);
    const meant = hint === undefined ? 'see: npm run smoke -- --list' : `did you mean "${hint}"?`;
    throw new WrongWords(`there is no ${what} "${word}"; ${meant}`);
  }
  return words;
}
