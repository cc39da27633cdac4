import koffi from 'koffi';
import { BangerError } from './errors.ts';

/** The kernel's packet filter, of this process's network namespace. */
export type Nftables = {
  /** Makes all of the changes, or none when one of them fails. */
  change(script: string): void;
  /** What `nft list` would print as JSON, such as `table inet mine`. */
  list(what: string): unknown;
};

type Run = (script: string, outputFlags: number) => string;

/** libnftables(3). */
const OUTPUT_JSON = 1 << 4;
const MESSAGE_LIMIT = 2000;

/**
 * Drives the library that the program nft is made of, because starting the program costs more than all that it
 * does in one run. Loaded on first use. Each run has a context of its own, so nothing is remembered from one to
 * the next, and holds up this process, so that no two meet in a library that is not made for it. The longest,
 * which removes something, waits some 15 ms for the kernel.
 */
export function openNftables(): Nftables {
  let loaded: Run | undefined;
  const run: Run = (script, outputFlags) => {
    loaded ??= loadLibrary();
    return loaded(script, outputFlags);
  };
  return {
    change: (script) => void run(script, 0),
    list: (what) => JSON.parse(run(`list ${what}`, OUTPUT_JSON)),
  };
}

function loadLibrary(): Run {
  const library = findLibrary();
  const open = library.func('void *nft_ctx_new(uint32_t flags)');
  const close = library.func('void nft_ctx_free(void *context)');
  const keepOutput = library.func('int nft_ctx_buffer_output(void *context)');
  const keepErrors = library.func('int nft_ctx_buffer_error(void *context)');
  const setFlags = library.func('void nft_ctx_output_set_flags(void *context, unsigned int flags)');
  const run = library.func('int nft_run_cmd_from_buffer(void *context, const char *script)');
  const outputOf = library.func('const char *nft_ctx_get_output_buffer(void *context)');
  const errorsOf = library.func('const char *nft_ctx_get_error_buffer(void *context)');
  return (script, outputFlags) => {
    const context = open(0);
    try {
      if (keepOutput(context) !== 0 || keepErrors(context) !== 0) throw failed('no memory');
      setFlags(context, outputFlags);
      if (run(context, script) !== 0) throw failed(errorsOf(context));
      return outputOf(context);
    } finally {
      close(context);
    }
  };
}

function findLibrary(): ReturnType<typeof koffi.load> {
  try {
    return koffi.load('libnftables.so.1');
  } catch (cause) {
    throw new BangerError(
      'HOST_NOT_READY',
      'the library of nftables is not here; install it with: apt-get install nftables',
      { cause },
    );
  }
}

function failed(said: string): BangerError {
  return new BangerError('COMMAND_FAILED', `nft failed: ${said.trim().slice(0, MESSAGE_LIMIT)}`);
}
