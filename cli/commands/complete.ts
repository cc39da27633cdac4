import { SERVICES } from '#kit/paths.ts';
import { createClients } from '../clients.ts';
import {
  type Argument,
  type Command,
  type CommandTable,
  type Completes,
  isGroup,
  type Option,
} from '../command.ts';
import type { Context } from '../context.ts';
import { isCalled } from '../parse.ts';

export const complete: Command = {
  description: 'The completion scripts call this; the last word is the one being typed.',
  rest: 'the words typed so far, without "banger"',
  examples: [{ line: 'banger complete -- vm li', shows: 'list' }],
  async run(context, { rest = [] }) {
    const { COMMANDS } = await import('./index.ts');
    const candidates = await findCandidates(context, COMMANDS, rest);
    const typed = rest.at(-1) ?? '';
    for (const { name, summary } of candidates) {
      if (name.startsWith(typed)) context.out.stdout.write(`${name}\t${summary}\n`);
    }
    return 0;
  },
};

type Candidate = { name: string; summary: string };

const COMMON_OPTIONS: readonly Candidate[] = [
  { name: '--json', summary: 'print results as JSON' },
  { name: '--format', summary: 'print only these fields of --json' },
  { name: '--quiet', summary: 'print only what was asked for' },
  { name: '--no-color', summary: 'never use colour' },
  { name: '--help', summary: 'explain this command' },
];

async function findCandidates(
  context: Context,
  table: CommandTable,
  words: readonly string[],
): Promise<readonly Candidate[]> {
  const visible = table.filter((entry) => isGroup(entry) || entry.hidden !== true);
  if (words.length <= 1) return visible;
  const entry = visible.find((known) => isCalled(known, words[0]));
  if (entry === undefined) return [];
  if (isGroup(entry)) return findCandidates(context, entry.commands, words.slice(1));
  return candidatesOf(context, await entry.load(), words.slice(1));
}

async function candidatesOf(
  context: Context,
  command: Command,
  words: readonly string[],
): Promise<readonly Candidate[]> {
  const typed = words.at(-1) ?? '';
  const before = words.at(-2) ?? '';
  const valued = (command.options ?? []).find(
    (option) => takesValue(option) && longName(option) === before,
  );
  if (valued !== undefined) return namesOf(context, valued.completes);
  if (typed.startsWith('-')) {
    const own = (command.options ?? []).map((option) => ({
      name: longName(option),
      summary: option.description,
    }));
    return [...own, ...COMMON_OPTIONS];
  }
  const position = words.slice(0, -1).filter((word) => !word.startsWith('-')).length;
  return namesOf(context, argumentAt(command.arguments ?? [], position)?.completes);
}

function argumentAt(all: readonly Argument[], position: number): Argument | undefined {
  const last = all.at(-1);
  return all[position] ?? (last?.spelling.includes('...') ? last : undefined);
}

function longName({ spelling }: Option): string {
  return /--[\w-]+/.exec(spelling)?.[0] ?? spelling;
}

function takesValue({ spelling }: Option): boolean {
  return /[<[]/.test(spelling);
}

async function namesOf(context: Context, completes: Completes | undefined): Promise<Candidate[]> {
  if (completes === undefined || completes === 'path') return [];
  if (completes === 'vm' || completes === 'image' || completes === 'kernel') {
    return askFor(context, completes);
  }
  const names = completes === 'service' ? SERVICES : completes;
  return names.map((name) => ({ name, summary: '' }));
}

const PATIENCE_MS = 300;

/** Somebody waits at a prompt: nothing is started for this, and a service that is slow or away has no names. */
async function askFor(
  { paths, signal }: Context,
  kind: 'vm' | 'image' | 'kernel',
): Promise<Candidate[]> {
  const clients = createClients({ paths, patienceMs: 0 });
  try {
    const { listNames } = await import('./complete-names.ts');
    return await listNames(
      kind,
      clients,
      AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]),
    );
  } catch {
    // The prompt is no place for an error; the command itself will tell it.
    return [];
  } finally {
    clients.close();
  }
}
