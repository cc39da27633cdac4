import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runTool } from './run-tool.ts';
import { seededBytes } from './seeded-random.ts';

/** Makes an OCI layout with a two-layer image, as umoci does it, and gives its folder. */
export async function makeUmociLayout(folder: string, tag: string, seed = 1): Promise<string> {
  const layout = join(folder, `layout-${tag}`);
  const image = `${layout}:${tag}`;
  await runTool('umoci', 'init', '--layout', layout);
  await runTool('umoci', 'new', '--image', image);
  for (const layer of [1, 2]) {
    const files = join(folder, `files-${tag}-${layer}`);
    await mkdir(files);
    await writeFile(join(files, `file-${layer}`), seededBytes(layer * 200_000, seed * 10 + layer));
    const tar = `${files}.tar`;
    await runTool('tar', '-cf', tar, '-C', files, '.');
    await runTool('umoci', 'raw', 'add-layer', '--image', image, tar);
  }
  await runTool(
    'umoci',
    ...['config', '--image', image],
    ...['--config.entrypoint', '/bin/tool', '--config.cmd', 'serve', '--config.env', 'MODE=test'],
    ...['--config.user', '1000:1000', '--config.workingdir', '/srv'],
    ...['--config.exposedports', '8080/tcp', '--config.label', 'made.by=umoci'],
  );
  return layout;
}
