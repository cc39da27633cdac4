import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';

/** A process as an auditor sees it, from the outside. */
export function viewProcess(pid: number) {
  const read = (file: string) => readFileSync(`/proc/${pid}/${file}`, 'latin1');
  const status = read('status');
  const field = (name: string) =>
    new RegExp(`^${name}:[ \\t]*(.*?)[ \\t]*$`, 'm').exec(status)?.[1]?.split(/\s+/) ?? [];
  return {
    field,
    /** Names in the folder that the process takes for its root. */
    root: (path = '') => readdirSync(`/proc/${pid}/root/${path}`).sort(),
    mounts: read('mountinfo').trim().split('\n'),
    environment: read('environ'),
    limit: (name: string) => new RegExp(`^${name}\\s+(\\S+)`, 'm').exec(read('limits'))?.[1],
    cgroup: read('cgroup'),
    devices: read('net/dev')
      .split('\n')
      .slice(2)
      .map((line) => line.split(':')[0]?.trim())
      .filter((name) => name !== undefined && name !== ''),
    descriptors: readdirSync(`/proc/${pid}/fd`).flatMap((fd) =>
      linkTarget(`/proc/${pid}/fd/${fd}`),
    ),
    namespace: (name: string) => statSync(`/proc/${pid}/ns/${name}`).ino,
  };
}

/** Nothing when the descriptor was closed since the folder was read. */
function linkTarget(path: string): string[] {
  try {
    return [readlinkSync(path)];
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
