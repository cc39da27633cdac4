import { createDisk } from '../disk.ts';
import { OPTIONS } from './disks.ts';
import { LARGE_TREES } from './large-trees.ts';

/** A process of its own, whose memory can be measured: node make-large-disk.ts TREE PATH */
const [name = '', path = ''] = process.argv.slice(2);
const makeTree = LARGE_TREES[name as keyof typeof LARGE_TREES];
await using disk = await createDisk(path, OPTIONS);
await disk.finish({ root: await makeTree(disk.contents) });
process.stdout.write(String(process.resourceUsage().maxRSS / 1024));
