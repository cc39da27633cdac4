import type { Tree, Violation } from './tree.ts';

/** As much of the table of commands as the rule needs. */
export type CommandEntry = {
  name: string;
  hidden?: boolean;
  commands?: readonly CommandEntry[];
};

const PAGE = 'docs/cli.md';

/** The page has a heading for each command, and for nothing that is none. */
export function checkCliPage(tree: Tree, commands: readonly CommandEntry[]): Violation[] {
  const spelled = commands.flatMap((entry) => spell(entry, 'banger'));
  if (!tree.has(PAGE)) return [`${PAGE}: is missing`];
  const headings = [...tree.read(PAGE).matchAll(/^#+\s+`?(banger(?: [a-z-]+)+)/gm)].map(
    ([, words = '']) => words,
  );
  const unknown = headings.filter(
    (words) => !spelled.some((command) => `${command} `.startsWith(`${words} `)),
  );
  return [
    ...spelled
      .filter((command) => !headings.includes(command))
      .map((command) => `${PAGE}: has no heading for "${command}"`),
    ...unknown.map((words) => `${PAGE}: there is no command "${words}"`),
  ];
}

function spell(entry: CommandEntry, before: string): string[] {
  if (entry.hidden) return [];
  const words = `${before} ${entry.name}`;
  return entry.commands?.flatMap((command) => spell(command, words)) ?? [words];
}
