import { copyFileSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { publishProgramCopy } from '#kit/program-copy.ts';

/**
 * Lays an installation out below a folder, "/" unless another is named, as a package would: the program, its units,
 * its accounts. It starts nothing; what it prints at the end does.
 */
const [root = '/'] = process.argv.slice(2);
const PROGRAM = 'usr/lib/banger';
const place = (...parts: string[]) => join(root, ...parts);

function installProgram(): void {
  const program = place(PROGRAM);
  mkdirSync(place('usr/lib'), { recursive: true });
  // Running services have their files open or loaded, and are restarted by the commands below.
  rmSync(program, { recursive: true, force: true });
  publishProgramCopy(process.execPath, program);
}

function installCommand(): void {
  const command = place(PROGRAM, 'bin/banger');
  const run = 'exec /usr/lib/banger/bin/node --use-openssl-ca /usr/lib/banger/dist/banger.cjs "$@"';
  writeFileSync(command, `#!/bin/sh\n${run}\n`, { mode: 0o755 });
  mkdirSync(place('usr/bin'), { recursive: true });
  rmSync(place('usr/bin/banger'), { force: true });
  symlinkSync('../lib/banger/bin/banger', place('usr/bin/banger'));
}

function installUnits(): void {
  const folders = { units: place('usr/lib/systemd/system'), accounts: place('usr/lib/sysusers.d') };
  for (const folder of Object.values(folders)) mkdirSync(folder, { recursive: true });
  const source = join(import.meta.dirname, 'systemd');
  for (const file of readdirSync(source)) {
    const folder = file.endsWith('.conf') ? folders.accounts : folders.units;
    copyFileSync(join(source, file), join(folder, file));
  }
}

installProgram();
installCommand();
installUnits();
process.stdout.write(`banger is installed below ${root}. Start it with:
  systemd-sysusers
  systemctl daemon-reload
  systemctl enable --now banger.target
  usermod --append --groups banger USER
`);
