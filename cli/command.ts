import type { Context } from './context.ts';

/** What one verb of the command line says of itself in `--help` and docs/cli.md, and what it does. */
export type Command = {
  /** What it is for and what to know before using it. */
  description: string;
  arguments?: readonly Argument[];
  options?: readonly Option[];
  /** What may follow `--`; without this, nothing may. */
  rest?: string;
  examples: readonly Example[];
  /** What people do after it. */
  next?: string;
  /** Answers the exit code. */
  run(context: Context, input: Input): Promise<number>;
};

export type Argument = {
  /** As commander writes it: "<vm>", "[vm...]". */
  spelling: string;
  description: string;
  completes?: Completes;
};

export type Option = {
  /** As commander writes it: "-n, --lines <count>". */
  spelling: string;
  description: string;
  /** For what may be given again and again. */
  repeats?: boolean;
  completes?: Completes;
};

/** What a word on the command line names, so that completion knows where to look. */
export type Completes = 'vm' | 'image' | 'kernel' | 'service' | 'path' | readonly string[];

export type Example = { line: string; shows: string };

export type Input = {
  arguments: readonly (string | readonly string[] | undefined)[];
  options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  /** The words after `--`; absent when there was none. */
  rest: readonly string[] | undefined;
};

/** A noun with its verbs, and with nouns that belong to it. */
export type Group = {
  name: string;
  summary: string;
  description: string;
  commands: readonly (Group | Lazy)[];
};

/** A command is loaded only when it is the one to run, or when its help is asked for. */
export type Lazy = {
  name: string;
  aliases?: readonly string[];
  /** One line, for the list of commands. */
  summary: string;
  /** Called by programs of ours, not by people: left out of help and docs. */
  hidden?: boolean;
  load(): Promise<Command>;
};

export function isGroup(entry: Group | Lazy): entry is Group {
  return 'commands' in entry;
}

export type CommandTable = readonly (Group | Lazy)[];
