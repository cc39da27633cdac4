import { run } from '#kit/exec.ts';

/** Runs a tool to its end and gives what it wrote. */
export function runTool(file: string, ...args: string[]): Promise<string> {
  return run(file, args, { signal: new AbortController().signal, timeoutMs: 60_000 });
}

/** The first of the tools that is not installed, as a reason to skip; false when all are there. */
export async function missingTool(...tools: string[]): Promise<string | false> {
  for (const tool of tools) {
    const [tried] = await Promise.allSettled([runTool(tool, '--version')]);
    const isMissing =
      tried?.status === 'rejected' && /could not be started/.test(`${tried.reason}`);
    if (isMissing) return `${tool} is not installed`;
  }
  return false;
}

/** Why no file system can be mounted in a namespace of one's own; false when it can. */
export async function missingMountNamespace(): Promise<string | false> {
  const inside = ['--user', '--map-root-user', '--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt'];
  const [tried] = await Promise.allSettled([runTool('unshare', ...inside)]);
  return tried?.status === 'rejected' ? 'no mount namespace can be made here' : false;
}
