import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  type Stats,
  statSync,
  utimesSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { WorkspacePlan } from './plan.ts';
import { findOwnFile, type Repository } from './repository.ts';
import { SUBMODULE_MODE } from './tracked-files.ts';

/** A file of the guest's .git: its content, or the file of this machine that has it. */
export type GitFile = { path: string; content: Buffer } | { path: string; source: string };

/**
 * The .git that a guest gets: made anew of objects, the index and a few settings. Hooks, logs, other branches,
 * passwords in settings and all else that lies in the user's stays there.
 */
export async function makeGuestGit(plan: WorkspacePlan, scratch: string): Promise<GitFile[]> {
  const { repository, commit, branch } = plan;
  const text = (path: string, content: string) => ({ path, content: Buffer.from(content) });
  const head = branch === '' ? `${commit}\n` : `ref: refs/heads/${branch}\n`;
  return [
    ...(await packObjects(plan, scratch)),
    ...(await listRefs(plan)).map(({ name, object }) => text(name, `${object}\n`)),
    ...(branch !== '' && commit !== '' ? [text(`refs/heads/${branch}`, `${commit}\n`)] : []),
    ...(await findShallow(plan)).map((commits) => text('shallow', commits)),
    text('config', await formatConfig(plan)),
    text('info/exclude', await readExcludes(repository)),
    text('info/attributes', await readOwn(repository, 'info/attributes')),
    text('HEAD', head),
    ...(await copyIndex(plan, scratch)),
  ];
}

/** With the whole history, or the last commit alone; always with what is staged. */
async function packObjects(plan: WorkspacePlan, scratch: string): Promise<GitFile[]> {
  const { repository, commit, options, index } = plan;
  const { git } = repository;
  const depth = options.mode === 'full-copy' ? OUR_REFS : ['--max-count=1'];
  const listed =
    commit === ''
      ? ''
      : await git.text(['rev-list', '--objects', '--no-object-names', ...depth, commit]);
  const staged = index.filter(({ mode }) => mode !== SUBMODULE_MODE).map(({ object }) => object);
  const objects = new Set([...listed.split('\n'), ...staged].filter((object) => object !== ''));
  if (objects.size === 0) return [];
  // What is packed stays as it is; looking for better deltas would take longer than sending what they save.
  const options_ = ['--quiet', '--window=0', '--compression=1', join(scratch, 'pack')];
  const input = [...objects].map((object) => `${object}\n`).join('');
  await git.text(['pack-objects', ...options_], { input });
  return readdirSync(scratch)
    .filter((name) => /^pack-.*\.(pack|idx)$/.test(name))
    .map((name) => ({ path: `objects/pack/${name}`, source: join(scratch, name) }));
}

/** Branches and tags; not what banger or others keep under names of their own. */
const OUR_REFS = ['--branches', '--tags'];

async function listRefs({ repository, options, branch }: WorkspacePlan) {
  if (options.mode === 'overlay') return [];
  const listed = await repository.git.text([
    'for-each-ref',
    '--format=%(objectname) %(refname)',
    'refs/heads',
    'refs/tags',
  ]);
  return listed
    .split('\n')
    .filter((line) => line !== '' && !line.endsWith(` refs/heads/${branch}`))
    .map((line) => ({
      object: line.slice(0, line.indexOf(' ')),
      name: line.slice(line.indexOf(' ') + 1),
    }));
}

/** The commits whose parents are not there. */
async function findShallow({ repository, commit, options }: WorkspacePlan): Promise<string[]> {
  if (commit === '') return [];
  if (options.mode === 'overlay') return [`${commit}\n`];
  const own = await readOwn(repository, 'shallow');
  return own === '' ? [] : [own];
}

const CARRIED = ['core.autocrlf', 'core.eol', 'core.filemode', 'core.symlinks', 'core.ignorecase'];

/**
 * The index keeps times and sizes of the files as they are here. In the guest inodes differ and times have whole
 * seconds; told so, git trusts what it can still see instead of reading every file again.
 */
async function formatConfig({ repository }: WorkspacePlan): Promise<string> {
  const { git, identity, origin } = repository;
  const carried = await Promise.all(
    CARRIED.map(async (key) => [key, (await git.find(['config', '--get', key])) ?? ''] as const),
  );
  const format = (await git.find(['rev-parse', '--show-object-format'])) ?? 'sha1';
  const settings: (readonly [string, string])[] = [
    ['core.repositoryformatversion', format === 'sha1' ? '0' : '1'],
    ...(format === 'sha1' ? [] : [['extensions.objectFormat', format] as const]),
    ['core.bare', 'false'],
    ['core.logallrefupdates', 'true'],
    ['core.checkStat', 'minimal'],
    ['core.trustctime', 'false'],
    ...carried,
    ['user.name', identity.name],
    ['user.email', identity.email],
    ['remote.origin.url', origin],
    ['remote.origin.fetch', origin === '' ? '' : '+refs/heads/*:refs/remotes/origin/*'],
  ];
  return settings
    .filter(([, value]) => value !== '')
    .map(([key, value]) => formatSetting(key, value))
    .join('');
}

function formatSetting(key: string, value: string): string {
  const [section = '', name = '', last] = key.split('.');
  const head = last === undefined ? `[${section}]` : `[${section} "${name}"]`;
  const quoted = value.replaceAll(/[\\"]/g, (char) => `\\${char}`).replaceAll('\n', '\\n');
  return `${head}\n\t${last ?? name} = "${quoted}"\n`;
}

/** The user's own rules and the repository's. The repository may not choose which file of the user's counts. */
export async function readExcludes(repository: Repository): Promise<string> {
  const ask = ['config', '--global', '--type=path', '--get', 'core.excludesFile'];
  const global = await repository.git.find(ask);
  const usual = join(homedir(), '.config/git/ignore');
  return readLines(global ?? usual) + (await readOwn(repository, 'info/exclude'));
}

async function readOwn(repository: Repository, name: string): Promise<string> {
  return readLines(await findOwnFile(repository, name));
}

function readLines(path: string | undefined): string {
  if (path === undefined || !existsSync(path)) return '';
  const text = readFileSync(path, 'utf8');
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

/** The index as it is, conflicts and flags and all; in one piece, and without what belongs to this machine. */
async function copyIndex(plan: WorkspacePlan, scratch: string): Promise<GitFile[]> {
  const { git, head } = plan.repository;
  const copy = join(scratch, 'index');
  const env = { GIT_INDEX_FILE: copy };
  if (plan.commit !== head) {
    await git.text(['read-tree', plan.commit], { env });
    return [{ path: 'index', source: copy }];
  }
  const times = await copyOwnIndex(plan.repository, copy);
  if (times === undefined) return [];
  const plain = ['--no-split-index', '--no-untracked-cache', '--no-fsmonitor'];
  await git.text(['update-index', ...plain], { env });
  utimesSync(copy, times.atime, times.mtime);
  return [{ path: 'index', source: copy }];
}

/**
 * Its time is copied with it: git reads files again that were written in the same moment as the index, and a later
 * time would make it believe what it must check.
 */
export async function copyOwnIndex(
  repository: Repository,
  copy: string,
): Promise<Stats | undefined> {
  const own = await findOwnFile(repository, 'index');
  if (own === undefined) return undefined;
  const status = statSync(own);
  copyFileSync(own, copy);
  utimesSync(copy, status.atime, status.mtime);
  return status;
}
