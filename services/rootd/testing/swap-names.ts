import { linkSync, mkdirSync, renameSync, symlinkSync } from 'node:fs';

// Swaps what has a name as fast as it can: node swap-names.ts NAME GOOD BAD. The name is by turns GOOD itself
// (a second link to a file, or an empty folder for "-") and a symbolic link to BAD.
const [name = '', good = '', bad = ''] = process.argv.slice(2);
const aside = `${name}.aside`;
if (good === '-') mkdirSync(name);
process.stdout.write('ready\n');

if (good === '-') swapFolder();
else swapFile();

function swapFile(): never {
  for (;;) {
    symlinkSync(bad, aside);
    renameSync(aside, name);
    linkSync(good, aside);
    renameSync(aside, name);
  }
}

/** A folder cannot be replaced by a link in one step, so in between nothing has the name. */
function swapFolder(): never {
  const link = `${name}.link`;
  symlinkSync(bad, link);
  for (;;) {
    renameSync(name, aside);
    renameSync(link, name);
    renameSync(name, link);
    renameSync(aside, name);
  }
}
