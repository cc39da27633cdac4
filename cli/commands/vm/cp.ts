import { formatSize } from '#kit/size.ts';
import type { Command } from '../../command.ts';
import type { Context } from '../../context.ts';
import { copyFromVm, streamFromVm } from '../../copy/copy-from-vm.ts';
import { copyToVm } from '../../copy/copy-to-vm.ts';
import { type Place, parsePlace } from '../../copy/place.ts';
import { argumentTexts } from '../../input.ts';
import { UsageError } from '../../output/error.ts';

const COMMAND = 'banger vm cp';

export const cp: Command = {
  description:
    'Copies files and folders between this host and a running virtual machine, by the rules of cp: into a folder that is there, else under the new name. Paths of a guest that do not begin with "/" are below /root. Works in every network mode.',
  arguments: [
    {
      spelling: '<place...>',
      description: 'sources, then the target: PATH here, NAME:PATH there, - for a tar stream',
      completes: 'path',
    },
  ],
  options: [
    { spelling: '-a, --archive', description: 'keep the numbers of owners; else all is of root' },
  ],
  examples: [
    { line: 'banger vm cp app.conf web:/etc/app/', shows: 'a file into a folder of the guest' },
    { line: 'banger vm cp web:/var/log ./logs', shows: 'a folder of the guest, as ./logs' },
    { line: 'tar c src | banger vm cp - web:/root', shows: 'a tar stream, unpacked there' },
    { line: 'banger vm cp web:/etc - | tar t', shows: 'a folder of the guest, as a tar stream' },
  ],
  async run(context, input) {
    const places = argumentTexts(input, 0).map((text) => parsePlace(text, context.cwd));
    const target = places.at(-1);
    const sources = places.slice(0, -1);
    if (target === undefined || sources.length === 0) {
      throw new UsageError('say what to copy and where to', COMMAND);
    }
    if (target.kind === 'guest') {
      const archive = input.options.archive === true;
      const copied = await copyToVm(context, hostPlaces(sources), target, { archive });
      tell(context, copied, `${copied.entries} files, ${formatSize(copied.sizeBytes)}`);
      return 0;
    }
    const [source, second] = sources;
    if (source?.kind !== 'guest' || second !== undefined) {
      throw new UsageError(
        'one side must be NAME:PATH of a virtual machine, and only one thing comes back at once',
        COMMAND,
      );
    }
    if (target.kind === 'stream') await streamFromVm(context, source);
    else {
      const path = await copyFromVm(context, source, target);
      tell(context, { path }, path);
    }
    return 0;
  },
};

function hostPlaces(sources: readonly Place[]) {
  return sources.map((source) => {
    if (source.kind !== 'guest') return source;
    throw new UsageError(
      'from one virtual machine to another goes through here: banger vm cp A:PATH - | banger vm cp - B:PATH',
      COMMAND,
    );
  });
}

/** cp says nothing when all went well; people at a terminal get a word. */
function tell({ out }: Context, facts: unknown, text: string): void {
  if (out.structured) out.result(facts, () => text);
  else if (out.stderr.isTTY) out.note(`copied ${text}`);
}
