import { readFileSync } from 'node:fs';

export type Account = { name: string; uid: number; gid: number; home: string };
export type Group = { name: string; gid: number; members: readonly string[] };

/** The accounts of this host's own files; accounts that only a directory service knows are not seen. */
export function readAccounts(file = '/etc/passwd'): Account[] {
  return rowsOf(file).map(([name = '', , uid, gid, , home = '']) => ({
    name,
    uid: Number(uid),
    gid: Number(gid),
    home,
  }));
}

export function readGroups(file = '/etc/group'): Group[] {
  return rowsOf(file).map(([name = '', , gid, members = '']) => ({
    name,
    gid: Number(gid),
    members: members.split(',').filter((member) => member !== ''),
  }));
}

export function findAccount(name: string): Account | undefined {
  return readAccounts().find((account) => account.name === name);
}

export function findGroup(name: string): Group | undefined {
  return readGroups().find((group) => group.name === name);
}

export function isMember(uid: number, gid: number, group: Group): boolean {
  if (gid === group.gid) return true;
  const account = readAccounts().find((candidate) => candidate.uid === uid);
  return account !== undefined && group.members.includes(account.name);
}

function rowsOf(file: string): string[][] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.includes(':') && !line.startsWith('#'))
    .map((line) => line.split(':'));
}
