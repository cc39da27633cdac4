import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Call } from '#kit/call.ts';
import { BangerError, hasReason } from '#kit/errors.ts';
import { run, runStreaming } from '#kit/exec.ts';
import type { Tell } from '#kit/stages.ts';
import type { RecipeFile, RecipeSpec } from './recipe-spec.ts';
import type { ScratchTools } from './scratch-tools.ts';

const BUILD_TIMEOUT_MS = 30 * 60_000;
const ASK_TIMEOUT_MS = 30_000;

const LEFT_OUT_FILES = [
  'path-exclude=/usr/share/man/*',
  'path-exclude=/usr/share/doc/*',
  'path-include=/usr/share/doc/*/copyright',
  'path-exclude=/usr/share/locale/*',
];

/**
 * Bootstraps a distribution with mmdebstrap, which writes the tree as a tar: nothing of it is ever unpacked on the
 * host outside of mmdebstrap's own user namespace. Packages come from wherever this host's apt gets its own.
 */
export async function* buildDebian(
  tools: ScratchTools,
  call: Call,
  recipe: RecipeSpec,
  release: string,
  tell: Tell,
): AsyncGenerator<Buffer, void> {
  await using scratch = await tools.beginOutside();
  const { folder } = scratch;
  try {
    const sources = await hostSources(call, release);
    const args = await bootstrapArguments(recipe, release, folder);
    yield* runStreaming('mmdebstrap', args, {
      signal: call.signal,
      timeoutMs: BUILD_TIMEOUT_MS,
      tied: true,
      input: sources,
      env: { TMPDIR: folder, HOME: folder },
      onLine: (line) => tell(line.replace(/^I: /, '')),
    });
  } catch (error) {
    throw explain(error);
  }
}

async function bootstrapArguments(
  { packages, files, commands }: RecipeSpec,
  release: string,
  scratch: string,
): Promise<string[]> {
  const hooks = [
    ...(await Promise.all(files.map((file, index) => uploadHook(file, index, scratch)))).flat(),
    ...commands.map((command) => `chroot "$1" /bin/sh -ec ${quote(command)}`),
  ];
  return [
    '--variant=minbase',
    '--format=tar',
    // An empty list is an error of its own to mmdebstrap.
    ...(packages.length === 0 ? [] : [`--include=${packages.join(',')}`]),
    '--aptopt=Apt::Install-Recommends "false"',
    ...LEFT_OUT_FILES.map((option) => `--dpkgopt=${option}`),
    ...hooks.map((hook) => `--customize-hook=${hook}`),
    release,
    '-',
    // The sources are read from standard input.
    '-',
  ];
}

async function uploadHook(file: RecipeFile, index: number, scratch: string): Promise<string[]> {
  const source = join(scratch, `file-${index}`);
  await writeFile(source, file.content);
  const target = quote(file.path);
  return [
    `mkdir -p "$1"${quote(file.path.slice(0, file.path.lastIndexOf('/')))}`,
    `upload ${quote(source)} ${target}`,
    `chroot "$1" chmod ${file.mode.toString(8)} ${target}`,
  ];
}

/** mmdebstrap runs hooks through a shell; what a recipe says is one word of it. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

const SOURCE_FORMAT = 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)';

/** The host's own Debian sources of a release, its updates and its security fixes; nobody else's. */
async function hostSources(call: Call, release: string): Promise<string> {
  const limits = { signal: call.signal, timeoutMs: ASK_TIMEOUT_MS };
  const filters = ['Created-By: Packages', 'Origin: Debian'];
  const listed = await run(
    'apt-get',
    ['indextargets', '--format', SOURCE_FORMAT, ...filters],
    limits,
  );
  const lines = [...new Set(listed.split('\n'))].filter((line) =>
    line.split(' ')[2]?.startsWith(release),
  );
  if (lines.length > 0) return `${lines.join('\n')}\n`;
  throw new BangerError(
    'HOST_NOT_READY',
    `this host's apt has no Debian ${release}; add it to the sources and run: sudo apt-get update`,
    { metadata: { release } },
  );
}

function explain(error: unknown): unknown {
  if (!hasReason(error, 'COMMAND_FAILED')) return error;
  if (error.message.includes('could not be started')) {
    return new BangerError(
      'HOST_NOT_READY',
      'mmdebstrap builds this image and is missing; install it with: sudo apt-get install mmdebstrap uidmap',
      { cause: error },
    );
  }
  return error;
}
