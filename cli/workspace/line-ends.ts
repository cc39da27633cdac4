import { type Git, splitNul } from './git.ts';

const PATHS_AT_ONCE = 500;

/**
 * Which of the user's files have CRLF in the working tree and LF in git, as their settings or attributes want it. What
 * comes back to those is converted as git does it, or a patch would say that every line changed.
 */
export async function findConverted(
  git: Git,
  paths: readonly Buffer[],
): Promise<ReadonlySet<string>> {
  const converted = new Set<string>();
  // Arguments travel as text; a name that is none comes back as it is.
  const texts = paths.map(String).filter((text) => !text.includes('\uFFFD'));
  for (let at = 0; at < texts.length; at += PATHS_AT_ONCE) {
    const args = ['ls-files', '--eol', '-z', '--', ...texts.slice(at, at + PATHS_AT_ONCE)];
    const lines = splitNul(await git.bytes(args, { env: { GIT_LITERAL_PATHSPECS: '1' } }));
    for (const line of lines) {
      const tab = line.indexOf('\t');
      const [inGit, inTree] = line.subarray(0, tab).toString().split(/ +/);
      if (inGit === 'i/lf' && inTree === 'w/crlf')
        converted.add(line.subarray(tab + 1).toString('latin1'));
    }
  }
  return converted;
}

export function toLf(content: Buffer): Buffer {
  return Buffer.from(content.toString('latin1').replaceAll('\r\n', '\n'), 'latin1');
}
