import { Command as Commander, CommanderError, Option as CommanderOption } from 'commander';
import { findNearest } from '#kit/nearest.ts';
import type { Command, CommandTable, Group, Input, Lazy } from './command.ts';
import { isGroup } from './command.ts';
import { UsageError } from './output/error.ts';

export type GlobalOptions = {
  json: boolean;
  quiet: boolean;
  color: boolean;
  format: readonly string[] | undefined;
};

/** What the words on the command line ask for. */
export type Parsed =
  | { kind: 'run'; command: Command; input: Input; options: GlobalOptions }
  | { kind: 'text'; text: string };

const INTRODUCTION = `banger boots a fresh virtual machine in about a second, puts your repository in it, runs your
command and gives you its exit status. Nothing of the host is shared with it.`;

const FIRST_STEPS = `
Start here:
  banger vm run -- uname -a            boot a VM, run a command in it, print its output
  banger vm run ./repo -- make test    the same with your repository in /root/repo
  banger doctor                        say what this host can do and how to mend what it cannot

Each command explains itself: banger vm run --help`;

/** Reads the words. Only the command that is named is loaded and built; a help page needs summaries alone. */
export async function parseCommandLine(
  table: CommandTable,
  args: readonly string[],
): Promise<Parsed> {
  const split = args.indexOf('--');
  const words = split === -1 ? args : args.slice(0, split);
  const rest = split === -1 ? undefined : args.slice(split + 1);
  const named = words.filter((word) => !word.startsWith('-'));
  if (named.length === 0) {
    if (words.includes('--version')) return parseCommandLine(table, ['version', '-q']);
    return readHelp(buildRoot(table), words);
  }
  let entry = find(table, named[0], 'banger');
  let path = 'banger';
  let depth = 1;
  for (; isGroup(entry); depth++) {
    path += ` ${entry.name}`;
    if (named[depth] === undefined) return readHelp(buildGroup(entry, path), without(words, depth));
    entry = find(entry.commands, named[depth], path);
  }
  return readCommand(entry, path, without(words, depth), rest);
}

function find<Entry extends Group | Lazy>(
  entries: readonly Entry[],
  word: string | undefined,
  path: string,
): Entry {
  const found = entries.find((entry) => isCalled(entry, word));
  if (found !== undefined) return found;
  const known = entries.map(({ name }) => name);
  const [nearest] = findNearest(word ?? '', known);
  const hint = nearest === undefined ? '' : `; did you mean "${path} ${nearest}"?`;
  throw new UsageError(`there is no command "${path} ${word}"${hint}`, path);
}

export function isCalled(entry: Group | Lazy, word: string | undefined): boolean {
  const aliases = isGroup(entry) ? [] : (entry.aliases ?? []);
  return word !== undefined && [entry.name, ...aliases].includes(word);
}

/** The words behind the noun and verb, which options may stand before. */
function without(words: readonly string[], count: number): string[] {
  let left = count;
  return words.filter((word) => word.startsWith('-') || left-- <= 0);
}

function buildRoot(table: CommandTable): Page {
  const page = newPage('banger');
  page.commander
    .description(INTRODUCTION)
    .addHelpText('after', FIRST_STEPS)
    .option('--version', 'print the version and nothing else');
  addSummaries(page, table);
  return page;
}

function buildGroup(group: Group, path: string): Page {
  const page = newPage(path);
  page.commander.description(group.description);
  addSummaries(page, group.commands);
  return page;
}

function addSummaries({ commander }: Page, entries: readonly (Group | Lazy)[]): void {
  for (const entry of entries) {
    if (!isGroup(entry) && entry.hidden === true) continue;
    commander.addCommand(new Commander(entry.name).summary(entry.summary).helpOption(false));
  }
}

/** The page itself is the answer, whatever options were given. */
function readHelp(page: Page, words: readonly string[]): Parsed {
  const wrong = words.find(
    (word) => !['--help', '-h', '--json', '-q', '--quiet', '--no-color'].includes(word),
  );
  if (wrong !== undefined) throw new UsageError(`unknown option '${wrong}'`, page.commander.name());
  page.commander.outputHelp();
  return { kind: 'text', text: page.printed.join('') };
}

async function readCommand(
  entry: Lazy,
  path: string,
  words: readonly string[],
  rest: readonly string[] | undefined,
): Promise<Parsed> {
  const command = await entry.load();
  const page = buildCommand(entry, command, path);
  const { commander, printed } = page;
  try {
    commander.parse(words, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { kind: 'text', text: printed.join('') };
    throw new UsageError(plainMessage(printed.join(''), error), commander.name());
  }
  if (rest !== undefined && command.rest === undefined) {
    throw new UsageError('nothing may follow "--" here', commander.name());
  }
  const options = commander.opts<Input['options']>();
  refuseEmpty(commander, options);
  return {
    kind: 'run',
    command,
    input: { arguments: commander.processedArgs as Input['arguments'], options, rest },
    options: {
      json: options.json === true,
      quiet: options.quiet === true,
      color: options.color !== false,
      format: typeof options.format === 'string' ? options.format.split(',') : undefined,
    },
  };
}

/** What a shell makes of a variable that is not set: it must not become "as usual". */
function refuseEmpty(commander: Commander, options: Input['options']): void {
  const empty = commander.options.find((option) => options[option.attributeName()] === '');
  if (empty === undefined) return;
  throw new UsageError(`option '${empty.flags}' is given an empty value`, commander.name());
}

/** A command of commander's, and what it would have printed. */
type Page = { commander: Commander; printed: string[] };

export function buildCommand(entry: Lazy, command: Command, path: string): Page {
  const page = newPage(`${path} ${entry.name}`);
  const { commander } = page;
  commander.description(command.description).addHelpText('after', () => formatHelpEnd(command));
  for (const { spelling, description } of command.arguments ?? []) {
    commander.argument(spelling, description);
  }
  for (const { spelling, description, repeats } of command.options ?? []) {
    const option = new CommanderOption(spelling, description);
    if (repeats === true) option.argParser(gather);
    commander.addOption(option);
  }
  commander
    .option('--json', 'print results as JSON, errors too')
    .option('--format <fields>', 'print only these fields of --json, such as name,spec.vcpus')
    .option('-q, --quiet', 'print only what was asked for: names and ids')
    .option('--no-color', 'never use colour')
    .action(() => undefined);
  return page;
}

function gather(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

function newPage(name: string): Page {
  const printed: string[] = [];
  const write = (text: string) => void printed.push(text);
  const commander = new Commander(name)
    .exitOverride()
    .helpCommand(false)
    .configureHelp({ helpWidth: 100 })
    .configureOutput({ writeOut: write, writeErr: write })
    .helpOption('-h, --help', 'explain this command');
  return { commander, printed };
}

function formatHelpEnd({ examples, next, rest }: Command): string {
  const width = Math.max(...examples.map(({ line }) => line.length)) + 3;
  const lines = examples.map(({ line, shows }) => `  ${line.padEnd(width)}${shows}`);
  const after = rest === undefined ? '' : `\nAfter "--":\n  ${rest}\n`;
  return `${after}\nExamples:\n${lines.join('\n')}${next === undefined ? '' : `\n\nNext: ${next}`}`;
}

/** Commander begins with "error:" and adds a hint in brackets. */
function plainMessage(text: string, error: CommanderError): string {
  const said = text.trim() === '' ? error.message : text;
  return said
    .replace(/^error: /, '')
    .replaceAll('\n(', ' (')
    .trim();
}
