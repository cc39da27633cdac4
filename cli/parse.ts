import { Command as Commander, CommanderError, Option as CommanderOption } from 'commander';
import { findNearest } from '#kit/nearest.ts';
import type { Argument, Command, Group, Input, Lazy } from './command.ts';
import { isGroup } from './command.ts';
import { UsageError } from './output/error.ts';

export type GlobalOptions = { json: boolean; quiet: boolean; color: boolean };

/** What the words on the command line ask for. */
export type Parsed =
  | { kind: 'run'; command: Command; input: Input; options: GlobalOptions }
  | { kind: 'text'; text: string };

export type CommandTable = readonly (Group | Lazy)[];

const INTRODUCTION = `banger boots a fresh virtual machine in about a second, puts your repository in it, runs your
command and gives you its exit status. Nothing of the host is shared with it.`;

const FIRST_STEPS = `
Start here:
  banger vm run -- uname -a            boot a VM, run a command in it, print its output
  banger vm run ./repo -- make test    the same with your repository in /root/repo
  banger doctor                        say what this host can do and how to mend what it cannot

Each command explains itself: banger vm run --help`;

/** Reads the words. Only the command that is named gets loaded; the others are known by their summary. */
export async function parseCommandLine(
  table: CommandTable,
  args: readonly string[],
): Promise<Parsed> {
  const split = args.indexOf('--');
  const words = split === -1 ? args : args.slice(0, split);
  const rest = split === -1 ? undefined : args.slice(split + 1);
  const named = words.filter((word) => !word.startsWith('-'));
  if (named.length === 0 && words.includes('--version'))
    return parseCommandLine(table, ['version', '-q']);
  const printed: string[] = [];
  const program = newCommander('banger', printed)
    .description(INTRODUCTION)
    .addHelpText('after', FIRST_STEPS)
    .option('--version', 'print the version and nothing else');
  const found: { parsed?: Parsed } = {};
  refuseUnknown(table, named);
  for (const entry of table) {
    const chosen = entry.name === named[0];
    const commander = isGroup(entry)
      ? await buildGroup(entry, chosen ? named[1] : undefined, { printed, found, rest })
      : await buildEntry(entry, chosen, { printed, found, rest, path: 'banger' });
    program.addCommand(commander, { hidden: !isGroup(entry) && entry.hidden === true });
  }
  try {
    if (named.length === 0 && !words.some((word) => word === '--help' || word === '-h'))
      program.help();
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    const text = printed.join('');
    if (error.exitCode === 0 || error.code === 'commander.help') return { kind: 'text', text };
    throw new UsageError(plainMessage(text, error), `banger${commandPath(table, named)}`);
  }
  if (found.parsed === undefined) return { kind: 'text', text: printed.join('') };
  return found.parsed;
}

type Building = {
  printed: string[];
  found: { parsed?: Parsed };
  rest: readonly string[] | undefined;
};

async function buildGroup(
  group: Group,
  verb: string | undefined,
  building: Building,
): Promise<Commander> {
  const commander = newCommander(group.name, building.printed)
    .summary(group.summary)
    .description(group.description)
    .action(() => commander.help());
  for (const entry of group.commands) {
    const path = `banger ${group.name}`;
    commander.addCommand(await buildEntry(entry, isCalled(entry, verb), { ...building, path }));
  }
  return commander;
}

async function buildEntry(
  entry: Lazy,
  chosen: boolean,
  building: Building & { path: string },
): Promise<Commander> {
  const commander = newCommander(entry.name, building.printed)
    .summary(entry.summary)
    .aliases(entry.aliases ?? []);
  return chosen ? defineCommand(commander, await entry.load(), building) : commander;
}

function defineCommand(
  commander: Commander,
  command: Command,
  { found, rest, path }: Building & { path: string },
): Commander {
  commander.description(command.description).addHelpText('after', () => formatHelpEnd(command));
  for (const argument of command.arguments ?? []) addArgument(commander, argument);
  for (const { spelling, description, repeats } of command.options ?? []) {
    const option = new CommanderOption(spelling, description);
    if (repeats === true) {
      option.argParser((value: string, before: readonly string[] | undefined) => [
        ...(before ?? []),
        value,
      ]);
    }
    commander.addOption(option);
  }
  commander
    .option('--json', 'print results as JSON, errors too')
    .option('-q, --quiet', 'print only what was asked for: names and ids')
    .option('--no-color', 'never use colour');
  return commander.action((...given: unknown[]) => {
    const options = commander.opts<Record<string, string | boolean | undefined>>();
    if (rest !== undefined && command.rest === undefined) {
      throw new UsageError('nothing may follow "--" here', `${path} ${commander.name()}`);
    }
    found.parsed = {
      kind: 'run',
      command,
      input: {
        arguments: given.slice(0, (command.arguments ?? []).length) as Input['arguments'],
        options,
        rest,
      },
      options: {
        json: options.json === true,
        quiet: options.quiet === true,
        color: options.color !== false,
      },
    };
  });
}

function isCalled({ name, aliases = [] }: Lazy, word: string | undefined): boolean {
  return word !== undefined && (name === word || aliases.includes(word));
}

/** Commander would take an unknown verb for an argument of its group. */
function refuseUnknown(table: CommandTable, [noun, verb]: readonly string[]): void {
  if (noun === undefined) return;
  const entry = table.find(({ name }) => name === noun);
  if (entry === undefined) throw unknown('banger', noun, table);
  if (!isGroup(entry) || verb === undefined) return;
  if (!entry.commands.some((command) => isCalled(command, verb))) {
    throw unknown(`banger ${noun}`, verb, entry.commands);
  }
}

function unknown(before: string, word: string, known: readonly { name: string }[]): UsageError {
  const [nearest] = findNearest(
    word,
    known.map(({ name }) => name),
  );
  const hint = nearest === undefined ? '' : `; did you mean "${before} ${nearest}"?`;
  return new UsageError(`there is no command "${before} ${word}"${hint}`, before);
}

function addArgument(commander: Commander, { spelling, description }: Argument): void {
  commander.argument(spelling, description);
}

function newCommander(name: string, printed: string[]): Commander {
  const commander = new Commander(name);
  return commander
    .exitOverride()
    .helpCommand(false)
    .configureHelp({ showGlobalOptions: false, helpWidth: 100 })
    .configureOutput({
      writeOut: (text) => void printed.push(text),
      writeErr: (text) => void printed.push(text),
    })
    .helpOption('-h, --help', 'explain this command');
}

function formatHelpEnd({ examples, next, rest }: Command): string {
  const width = Math.max(...examples.map(({ line }) => line.length)) + 3;
  const lines = examples.map(({ line, shows }) => `  ${line.padEnd(width)}${shows}`);
  const after = rest === undefined ? '' : `\nAfter "--":\n  ${rest}\n`;
  return `${after}\nExamples:\n${lines.join('\n')}${next === undefined ? '' : `\n\nNext: ${next}`}`;
}

function commandPath(table: CommandTable, named: readonly string[]): string {
  const entry = table.find(({ name }) => name === named[0]);
  if (entry === undefined) return '';
  const verb = isGroup(entry)
    ? entry.commands.find((command) => isCalled(command, named[1]))
    : undefined;
  return verb === undefined ? ` ${entry.name}` : ` ${entry.name} ${verb.name}`;
}

/** Commander begins with "error:" and adds a hint in brackets. */
function plainMessage(text: string, error: CommanderError): string {
  const said = text.trim() === '' ? error.message : text;
  return said
    .replace(/^error: /, '')
    .replaceAll('\n(', ' (')
    .trim();
}
