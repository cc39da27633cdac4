import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type CommandTable, isGroup, type Lazy } from './command.ts';
import { COMMANDS } from './commands/index.ts';
import { buildCommand } from './parse.ts';

export const REFERENCE_FILE = fileURLToPath(new URL('../docs/cli.md', import.meta.url));

const HEAD = `# Commands

Made from the command table by \`npm run docs\`; each section is what \`--help\` prints.
Results go to standard output, everything else to standard error. Exit status: 0 done, 1 an error of
banger, 2 wrong usage, 130 interrupted.
`;

/** docs/cli.md: the help of every command, in the order of the table. */
export async function formatReference(table: CommandTable): Promise<string> {
  return [HEAD, ...(await formatEntries(table, 'banger', '##'))].join('\n');
}

async function formatEntries(
  entries: CommandTable,
  path: string,
  heading: string,
): Promise<string[]> {
  const sections: string[] = [];
  for (const entry of entries) {
    if (isGroup(entry)) {
      const inner = `${path} ${entry.name}`;
      sections.push(`${heading} ${inner}\n\n${entry.description}\n`);
      sections.push(...(await formatEntries(entry.commands, inner, `${heading}#`)));
    } else if (entry.hidden !== true) {
      sections.push(await formatCommand(entry, path, heading));
    }
  }
  return sections;
}

async function formatCommand(entry: Lazy, path: string, heading: string): Promise<string> {
  const { commander, printed } = buildCommand(entry, await entry.load(), path);
  commander.outputHelp();
  return `${heading} ${path} ${entry.name}\n\n\`\`\`text\n${printed.join('').trim()}\n\`\`\`\n`;
}

if (import.meta.main) writeFileSync(REFERENCE_FILE, await formatReference(COMMANDS));
