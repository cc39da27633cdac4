import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startProgram } from './start-program.ts';

export type DockerRegistryOptions = {
  /** Lines of an htpasswd file, with bcrypt hashes. */
  readonly htpasswd?: string;
  /** The `auth` section of the configuration, as YAML. */
  readonly auth?: string;
};

/** Starts Debian's docker-registry on a port of its own and gives its host. */
export async function startDockerRegistry(
  t: TestContext,
  folder: string,
  { htpasswd, auth }: DockerRegistryOptions = {},
): Promise<string> {
  await mkdir(folder, { recursive: true });
  const passwords = join(folder, 'htpasswd');
  if (htpasswd !== undefined) await writeFile(passwords, htpasswd);
  const basic = `auth: {htpasswd: {realm: test, path: "${passwords}"}}`;
  const config = join(folder, 'config.yml');
  await writeFile(
    config,
    `version: 0.1
log: {level: info}
storage: {filesystem: {rootdirectory: "${join(folder, 'storage')}"}}
http: {addr: "127.0.0.1:0"}
${auth ?? (htpasswd === undefined ? '' : basic)}
`,
  );
  const log = join(folder, 'log');
  await using output = await open(log, 'w');
  const child = await startProgram(t, output.fd, 'docker-registry', 'serve', config);
  while (child.exitCode === null) {
    const address = /listening on (127\.0\.0\.1:\d+)/.exec(await readFile(log, 'utf8'))?.[1];
    if (address !== undefined) return address;
    await sleep(5);
  }
  throw new Error(`docker-registry ended: ${await readFile(log, 'utf8')}`);
}
