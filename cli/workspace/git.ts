import { homedir } from 'node:os';
import type { Readable } from 'node:stream';
import { hasReason } from '#kit/errors.ts';
import { runStreaming } from '#kit/exec.ts';

/** git in one repository, as the user, with everything off by which a repository could run a program. */
export type Git = {
  bytes(args: readonly string[], options?: GitOptions): Promise<Buffer>;
  text(args: readonly string[], options?: GitOptions): Promise<string>;
  /** Nothing where git says no: status 1, which is how it answers questions. */
  find(args: readonly string[], options?: GitOptions): Promise<string | undefined>;
  findBytes(args: readonly string[], options?: GitOptions): Promise<Buffer | undefined>;
  stream(args: readonly string[], options?: GitOptions): AsyncGenerator<Buffer, void>;
};

export type GitOptions = {
  input?: string | Uint8Array | Readable;
  env?: Readonly<Record<string, string>>;
};

export type GitPlace = {
  cwd: string;
  signal: AbortSignal;
  /** Names the repository instead of searching for it from the folder upwards. */
  gitDir?: string;
  workTree?: string;
  /** Settings that win over those in any file. */
  settings?: Readonly<Record<string, string>>;
  /** Whether the user's own settings count. */
  ownSettings?: boolean;
};

/** A large repository on a busy machine may take minutes; nothing takes this long. */
const TIMEOUT_MS = 3_600_000;

/** Set by git for its hooks, or by people: each would lead to another repository or run a program. */
const CLEARED = [
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_OBJECT_DIRECTORY',
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_COMMON_DIR',
  'GIT_NAMESPACE',
  'GIT_PREFIX',
  'GIT_CONFIG',
  'GIT_CONFIG_PARAMETERS',
  'GIT_SHALLOW_FILE',
  'GIT_GRAFT_FILE',
  'GIT_EXTERNAL_DIFF',
  'GIT_DIFF_OPTS',
  'GIT_SSH',
  'GIT_SSH_COMMAND',
  'GIT_PROXY_COMMAND',
  'GIT_ASKPASS',
];

const QUIET: Readonly<Record<string, string>> = {
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_ATTR_NOSYSTEM: '1',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_TERMINAL_PROMPT: '0',
  GIT_PAGER: 'cat',
  GIT_EDITOR: 'false',
  // A repository may say that one object stands for another; what is sent is what it is.
  GIT_NO_REPLACE_OBJECTS: '1',
  // A partial clone fetches what it lacks by whatever transport its configuration names ("ext::sh -c ...").
  GIT_NO_LAZY_FETCH: '1',
  GIT_ALLOW_PROTOCOL: 'none',
};

const SETTINGS: Readonly<Record<string, string>> = {
  'core.hooksPath': '/dev/null',
  'core.fsmonitor': 'false',
  'core.splitIndex': 'false',
  'core.logAllRefUpdates': 'false',
  'protocol.allow': 'never',
  'submodule.recurse': 'false',
  'gc.auto': '0',
  'maintenance.auto': 'false',
  // Names that other systems take for ".git" or for a way out are refused here too.
  'core.protectHFS': 'true',
  'core.protectNTFS': 'true',
};

export function openGit(place: GitPlace): Git {
  const { cwd, signal, gitDir, workTree, settings = {}, ownSettings = true } = place;
  const env = {
    ...Object.fromEntries(CLEARED.map((name) => [name, undefined])),
    ...QUIET,
    // Without the variable git answers no question about the user's own settings.
    HOME: homedir(),
    ...(gitDir === undefined ? {} : { GIT_DIR: gitDir }),
    ...(workTree === undefined ? {} : { GIT_WORK_TREE: workTree }),
    ...(ownSettings ? {} : { GIT_CONFIG_GLOBAL: '/dev/null' }),
    ...formatSettings({ ...settings, ...SETTINGS }),
  };
  const stream = (args: readonly string[], options: GitOptions = {}) => {
    const input = options.input === undefined ? {} : { input: options.input };
    const all = { ...env, ...options.env };
    return runStreaming('git', args, { cwd, signal, timeoutMs: TIMEOUT_MS, env: all, ...input });
  };
  const bytes = async (args: readonly string[], options?: GitOptions) =>
    Buffer.concat(await Array.fromAsync(stream(args, options)));
  const findBytes = async (args: readonly string[], options?: GitOptions) => {
    try {
      return await bytes(args, options);
    } catch (error) {
      if (hasReason(error, 'COMMAND_FAILED') && error.metadata.status === '1') return undefined;
      throw error;
    }
  };
  return {
    bytes,
    stream,
    findBytes,
    text: async (args, options) => toLine(await bytes(args, options)),
    async find(args, options) {
      const output = await findBytes(args, options);
      return output === undefined ? undefined : toLine(output);
    },
  };
}

function toLine(output: Buffer): string {
  return output.toString().replace(/\n$/, '');
}

/** By the environment, because on the command line a key could not hold a "=". */
function formatSettings(settings: Readonly<Record<string, string>>): Record<string, string> {
  const pairs = Object.entries(settings).flatMap(([key, value], at) => [
    [`GIT_CONFIG_KEY_${at}`, key],
    [`GIT_CONFIG_VALUE_${at}`, value],
  ]);
  return { GIT_CONFIG_COUNT: String(pairs.length / 2), ...Object.fromEntries(pairs) };
}

/** The items of output that ends each with a NUL. */
export function splitNul(output: Buffer): Buffer[] {
  const items: Buffer[] = [];
  for (let at = 0; at < output.length; ) {
    const end = output.indexOf(0, at);
    items.push(output.subarray(at, end));
    at = end + 1;
  }
  return items;
}

export function joinNul(items: readonly Buffer[]): Buffer {
  return Buffer.concat(items.flatMap((item) => [item, Buffer.of(0)]));
}
