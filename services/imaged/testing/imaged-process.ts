import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Client, createClient } from '#kit/client.ts';
import { openConnection } from '#kit/connection.ts';
import { localPaths, type Paths, socketPath } from '#kit/paths.ts';
import { formatServiceArguments } from '#kit/service-arguments.ts';
import { ImageServiceDefinition } from '#proto/banger/v1/image.ts';
import { OperationServiceDefinition } from '#proto/banger/v1/operation.ts';
import { startProgram } from './start-program.ts';

/** imaged as a process of its own, with folders of its own, that can be killed and started again. */
export type ImagedProcess = {
  readonly images: Client<typeof ImageServiceDefinition>;
  readonly operations: Client<typeof OperationServiceDefinition>;
  readonly paths: Paths;
  readonly pid: number;
  start(): Promise<void>;
  kill(): Promise<void>;
  /** Names in a folder of its state. */
  list(folder: 'images' | 'staging'): Promise<string[]>;
};

export type ImagedOptions = {
  /** Text of the configuration file. */
  readonly config?: string;
  readonly owner?: number;
};

export async function startImaged(
  t: TestContext,
  folder: string,
  { config = '', owner = 0 }: ImagedOptions = {},
): Promise<ImagedProcess> {
  const paths = toPaths(folder);
  await mkdir(join(folder, 'config/banger'), { recursive: true });
  await mkdir(paths.runtime, { recursive: true, mode: 0o700 });
  await writeFile(paths.config, config);
  const connection = openConnection({
    socket: socketPath(paths, 'imaged'),
    service: 'imaged',
    patienceMs: 20_000,
  });
  t.after(() => connection.close());
  t.after(async () => console.log(await readFile(join(paths.logs, 'imaged.log'), 'utf8')));
  let child: ChildProcess | undefined;
  const imaged = {
    images: createClient(ImageServiceDefinition, connection),
    operations: createClient(OperationServiceDefinition, connection),
    paths,
    get pid() {
      return child?.pid ?? 0;
    },
    async start() {
      await using output = await open(join(folder, 'output'), 'a');
      const main = fileURLToPath(new URL('../main.ts', import.meta.url));
      const args = [main, ...formatServiceArguments(paths, owner)];
      child = await startProgram(t, output.fd, process.execPath, ...args);
      await imaged.images.listImages({}).catch(async (cause: unknown) => {
        throw new Error(await readFile(join(folder, 'output'), 'utf8'), { cause });
      });
    },
    async kill() {
      if (child === undefined) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
    list: (name: 'images' | 'staging') => readdir(join(paths.state, 'imaged', name)),
  };
  await imaged.start();
  return imaged;
}

function toPaths(folder: string): Paths {
  return {
    ...localPaths({ HOME: folder, XDG_RUNTIME_DIR: join(folder, 'run') }, 1),
    state: join(folder, 'state'),
    cache: join(folder, 'cache'),
    config: join(folder, 'config/banger/config.toml'),
  };
}
