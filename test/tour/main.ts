import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { programRoot } from '#kit/program.ts';
import type { LocalUser } from '../integration/local-user.ts';
import { openHouse } from '../smoke/house.ts';
import { drawScreen } from './picture.ts';
import { readScreen } from './screen.ts';

// npm run tour: types a session into a real terminal, as a new user with a small repository, and draws what is on it
// at the end into docs/tour.svg. Run it where nothing else runs: the times that are shown are real.

const COLUMNS = 100;
const ROWS = 60;

const SESSION = [
  "banger vm run --rm --image busybox ./hello -- sh -c './check && uname -sr; exit 42'",
  'echo $?',
  'banger vm create --name web --image busybox --publish 8080:80',
  "banger vm exec web -- sh -c 'echo from the guest > index.html; httpd'",
  'curl -s localhost:8080',
  'banger vm list',
  'banger vm delete web',
];

async function main(): Promise<void> {
  execFileSync(process.execPath, [join(programRoot(), 'deploy/build.ts')], { stdio: 'inherit' });
  const house = await openHouse();
  try {
    await makeRepository(house.user);
    const captured = await play(house.user, SESSION);
    const picture = drawScreen('A session with banger', COLUMNS, readScreen(captured));
    writeFileSync(join(programRoot(), 'docs/tour.svg'), picture);
  } finally {
    await house.close();
  }
}

async function makeRepository({ write, run }: LocalUser): Promise<void> {
  const check = write('hello/check', '#!/bin/sh\necho "all checks pass in $PWD"\n');
  const folder = dirname(check);
  const git = (...words: readonly string[]) => run('git', '-C', folder, ...words);
  await run('chmod', '+x', check);
  await git('init', '--quiet', '--initial-branch=main');
  await git('add', '--all');
}

async function play(user: LocalUser, session: readonly string[]): Promise<string> {
  const socket = join(user.home, 'tmux');
  const tmux = (...words: readonly string[]) => user.run('tmux', '-S', socket, ...words);
  // The terminal tells when a command has ended and the shell asks for the next one.
  const shell = user.write(
    'shell',
    `PS1='$ '
PROMPT_COMMAND='tmux wait-for -S prompt'
banger() { "${user.program}" "$@"; }
`,
  );
  const size = ['-x', String(COLUMNS), '-y', String(ROWS)];
  await tmux(
    '-f',
    '/dev/null',
    'new-session',
    '-d',
    '-c',
    user.home,
    ...size,
    'bash',
    '--rcfile',
    shell,
  );
  try {
    await tmux('wait-for', 'prompt');
    for (const words of session) {
      await tmux('send-keys', '-l', words);
      await tmux('send-keys', 'Enter');
      await tmux('wait-for', 'prompt');
    }
    return await tmux('capture-pane', '-e', '-p');
  } finally {
    await tmux('kill-server');
  }
}

await main();
