import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import { run, runStreaming } from '#kit/exec.ts';
import type { Tell } from '#kit/stages.ts';
import type { KernelSource } from './source-package.ts';

const BUILD_TIMEOUT_MS = 2 * 60 * 60_000;
const TOOL_TIMEOUT_MS = 60_000;

/** Guests and whoever works at the machine come first. */
const NICENESS = '10';

const HINT =
  'install what is missing with: sudo apt-get install build-essential flex bison bc libelf-dev';

/** Variables by which whoever started imaged would change what is built, or where (Documentation/kbuild/kbuild.rst). */
export const NOT_OURS = Object.fromEntries(
  [
    ...['KCFLAGS', 'KCPPFLAGS', 'KAFLAGS', 'HOSTCFLAGS', 'HOSTLDFLAGS', 'LDFLAGS_MODULE'],
    ...['LOCALVERSION', 'CROSS_COMPILE', 'LLVM', 'KBUILD_OUTPUT', 'KBUILD_EXTMOD'],
    ...['MAKEFLAGS', 'CPATH', 'C_INCLUDE_PATH', 'LIBRARY_PATH', 'KCONFIG_CONFIG'],
  ].map((name) => [name, undefined]),
);

/** Compiles a configured kernel; answers where its ELF file is, without symbols. The folder leaves no trace in it. */
export async function compileKernel(
  call: Call,
  { folder, epoch }: KernelSource,
  tell: Tell,
): Promise<string> {
  const jobs = `-j${availableParallelism()}`;
  const built = runStreaming(
    'nice',
    ['-n', NICENESS, 'make', '-C', folder, jobs, 'ARCH=x86_64', 'vmlinux'],
    { signal: call.signal, timeoutMs: BUILD_TIMEOUT_MS, env: reproducible(epoch), tied: true },
  );
  let done = 0;
  for await (const line of linesOf(built)) {
    // "  CC      kernel/fork.o"
    const file = /^ {2}[A-Z]+ +(\S+)/.exec(line)?.[1];
    if (file === undefined) continue;
    done += 1;
    tell(file, { done, total: 0, unit: 'items' });
  }
  const vmlinux = join(folder, 'vmlinux');
  await run('strip', [vmlinux], { signal: call.signal, timeoutMs: TOOL_TIMEOUT_MS });
  return vmlinux;
}

/** The same source, configuration and compiler give the same bytes (Documentation/kbuild/reproducible-builds.rst). */
function reproducible(epoch: number): Record<string, string | undefined> {
  return {
    ...NOT_OURS,
    TZ: 'UTC',
    SOURCE_DATE_EPOCH: String(epoch),
    KBUILD_BUILD_TIMESTAMP: `@${epoch}`,
    KBUILD_BUILD_USER: 'banger',
    KBUILD_BUILD_HOST: 'banger',
    KBUILD_BUILD_VERSION: '1',
  };
}

/** Fails with HOST_NOT_READY where the tools of a kernel's build are missing, before anything is unpacked. */
export async function checkCompiler(call: Call): Promise<void> {
  const limits = { signal: call.signal, timeoutMs: TOOL_TIMEOUT_MS };
  const tools = ['make', 'flex', 'bison', 'bc', 'gcc', 'strip'];
  const asked = tools.map((tool) => [tool, '--version']);
  const header = ['gcc', '-E', '-include', 'libelf.h', '-x', 'c', '/dev/null', '-o', '/dev/null'];
  for (const [tool = '', ...args] of [...asked, header]) {
    try {
      await run(tool, args, limits);
    } catch (cause) {
      call.signal.throwIfAborted();
      const what = args.includes('libelf.h') ? 'the header "libelf.h"' : `"${tool}"`;
      throw new BangerError('HOST_NOT_READY', `a kernel is built with ${what}; ${HINT}`, { cause });
    }
  }
}

async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}
