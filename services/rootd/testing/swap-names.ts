import { linkSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';

// Swaps what has a name as fast as it can: node swap-names.ts NAME GOOD BAD. The name is by turns GOOD itself
// (a second link to a file, or an empty folder for "-") and a symbolic link to BAD.
const [name = '', good = '', bad = ''] = process.argv.slice(2);
const aside = `${name}.aside`;
process.stdout.write('ready\n');

for (;;) {
  symlinkSync(bad, aside);
  // A folder cannot be replaced by a link in one step.
  if (good === '-') rmSync(name, { recursive: true });
  renameSync(aside, name);
  if (good === '-') mkdirSync(aside);
  else linkSync(good, aside);
  if (good === '-') rmSync(name);
  renameSync(aside, name);
}
