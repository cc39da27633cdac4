import { createWriteStream } from 'node:fs';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BangerError } from '#kit/errors.ts';
import { parseSize } from '#kit/size.ts';
import { VmServiceDefinition } from '#proto/banger/v1/vm.ts';
import type { Command, Input } from '../../../command.ts';
import type { Context } from '../../../context.ts';
import { argumentText, optionText, optionTexts } from '../../../input.ts';
import { UsageError } from '../../../output/error.ts';
import { type Exported, formatPatch, formatStat, withExport } from '../../../workspace/export.ts';
import { count } from '../../../workspace/left-behind.ts';
import { makeBranch } from '../../../workspace/make-branch.ts';
import { getPreparedVm } from '../../../workspace/prepared-vm.ts';

const COMMAND = 'banger vm workspace export';
const MAX_BYTES = 2 ** 30;

export const export_: Command = {
  description:
    'Brings back what changed in the workspace of a virtual machine: files and commits alike, as a patch for "git apply", or as a branch. Told from what the guest was given, so that your own uncommitted work is not in it; --base-commit tells it from a commit instead. Your files and your index are never touched, nothing of the guest is run or unpacked here, and what git would refuse is refused.',
  arguments: [
    { spelling: '<vm>', description: 'name, id, or the beginning of an id', completes: 'vm' },
  ],
  options: [
    {
      spelling: '-o, --output <file>',
      description: 'write the patch there instead of to standard output',
      completes: 'path',
    },
    { spelling: '--branch <branch>', description: 'make a branch with one commit, and no patch' },
    { spelling: '--message <text>', description: 'message of that commit' },
    { spelling: '--stat', description: 'print how much changed in which file, and no patch' },
    { spelling: '--diffstat', description: 'the same' },
    { spelling: '--base-commit <commit>', description: 'a commit to tell the changes from' },
    {
      spelling: '--exclude <path>',
      description: 'leave a file out; may be repeated',
      repeats: true,
    },
    {
      spelling: '--max-size <size>',
      description: 'refuse changes that are larger in all; 1G when not given',
    },
  ],
  examples: [
    { line: 'banger vm workspace export web | git apply', shows: 'what the guest did, done here' },
    { line: 'banger vm workspace export web --branch try-1', shows: 'as a branch' },
    { line: 'banger vm workspace export web --stat', shows: 'what it would be' },
  ],
  async run(context, input) {
    const vms = context.clients.of('vmd', VmServiceDefinition);
    const branch = optionText(input, 'branch');
    if (branch !== undefined && optionText(input, 'output') !== undefined) {
      throw new UsageError(
        '--branch makes no patch that --output could write; choose one',
        COMMAND,
      );
    }
    const { vm, workspace } = await getPreparedVm(
      vms,
      argumentText(input, 0) ?? '',
      context.signal,
    );
    const size = optionText(input, 'maxSize');
    const options = {
      baseCommit: optionText(input, 'baseCommit') ?? '',
      exclude: optionTexts(input, 'exclude'),
      maxBytes: size === undefined ? MAX_BYTES : parseSize(size),
    };
    return withExport(context, vm, options, async (exported) => {
      if (branch === undefined) return tell(context, input, exported);
      const parent = options.baseCommit === '' ? workspace.headCommit : exported.base;
      const message = optionText(input, 'message') ?? `Work of vm ${vm.name}`;
      const commit = await makeBranch(exported, { branch, parent, message });
      const value = { branch, commit, base: parent, files: exported.files };
      context.out.result(value, () => `${branch} ${commit.slice(0, 12)}`);
      return 0;
    });
  },
};

async function tell(context: Context, input: Input, exported: Exported): Promise<number> {
  const { out } = context;
  const { base, files } = exported;
  const target = optionText(input, 'output');
  const summary = { base, hasChanges: files.length > 0, files };
  if (input.options.stat === true || input.options.diffstat === true) {
    const text = await formatStat(exported);
    out.result(summary, () => text);
    return 0;
  }
  if (target !== undefined) {
    await writePatch(resolve(context.cwd, target), exported);
    out.result({ ...summary, output: target }, () => `${target}: ${count(files.length, 'file')}`);
    return 0;
  }
  if (out.structured) out.result(summary, () => '');
  else for await (const piece of formatPatch(exported)) await write(out.stdout, piece);
  if (files.length === 0) out.note('nothing changed in the guest');
  return 0;
}

async function writePatch(path: string, exported: Exported): Promise<void> {
  try {
    await pipeline(Readable.from(formatPatch(exported)), createWriteStream(path));
  } catch (cause) {
    if (cause instanceof BangerError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new BangerError('INVALID_FIELD', `"${path}" cannot be written: ${why}`, { cause });
  }
}

async function write(stream: NodeJS.WriteStream, piece: Buffer): Promise<void> {
  if (stream.write(piece)) return;
  const { promise, resolve: done } = Promise.withResolvers<void>();
  stream.once('drain', done);
  await promise;
}
