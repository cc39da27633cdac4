import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { startBackground } from './background.ts';
import { measureBareNode } from './bare-node.ts';
import { bundle, makeEnvironment, startService } from './environment.ts';
import { referenceFile } from './reference-file.ts';
import type { Contest, Row, Scope } from './row.ts';
import { measureRuns } from './run-program.ts';

export type CliRow = Pick<Row, 'name' | 'note'> & {
  words: readonly string[];
  prints: RegExp;
  /** Against `node -e 0`. */
  atMost?: number;
};

/** One command from start to end, against Node that does nothing and against the least that asks a service. */
export function cliRow({ name, note, words, prints, atMost }: CliRow): Row {
  return {
    name,
    note,
    subject: `\`${['banger', ...words].join(' ')}\``,
    references: [
      { name: '`node -e 0`', ...(atMost === undefined ? {} : { atMost }) },
      { name: 'a plain Node HTTP client' },
    ],
    figure: { name: 'wall', unit: 'ms' },
    beside: { name: 'CPU', unit: 'ms' },
    rounds: 60,
    warmUps: 5,
    prepare: (scope) => prepare(scope, words, prints),
  };
}

async function prepare(scope: Scope, words: readonly string[], prints: RegExp): Promise<Contest> {
  const environment = makeEnvironment(scope);
  const { env } = environment;
  const file = process.execPath;
  await startService(scope, environment, 'vmd');
  const socket = join(scope.folder, 'http.sock');
  await startBackground(scope, { args: [referenceFile('http-server.ts'), socket], env, socket });
  const client = bundleReference(scope, 'http-client.ts');
  return {
    // As the launcher starts it.
    subject: measureRuns({
      file,
      args: ['--use-openssl-ca', bundle('banger.cjs'), ...words],
      env,
      prints,
    }),
    references: [
      measureBareNode(scope),
      measureRuns({ file, args: [client, socket], env, prints: /"vms"/ }),
    ],
  };
}

/** Made like the command line itself, so that what differs is what it does. */
function bundleReference({ folder }: Scope, name: string): string {
  const outfile = join(folder, name.replace(/\.ts$/, '.cjs'));
  const entryPoints = [referenceFile(name)];
  buildSync({ entryPoints, outfile, bundle: true, platform: 'node', format: 'cjs', minify: true });
  return outfile;
}
