import { createClient } from '#kit/client.ts';
import { openConnection } from '#kit/connection.ts';
import { socketPath } from '#kit/paths.ts';
import { InfoServiceDefinition } from '#proto/banger/v1/info.ts';
import { measureBareNode } from '../bare-node.ts';
import { makeEnvironment, startService } from '../environment.ts';
import { readCpuMs } from '../process-facts.ts';
import type { Contest, Row, Scope } from '../row.ts';

/** vmd has the most to load: it alone opens a database. */
export const serviceStart: Row = {
  name: 'service-start',
  subject: 'vmd, from its start to its first answer',
  references: [{ name: '`node -e 0`' }],
  figure: { name: 'wall', unit: 'ms' },
  beside: { name: 'CPU', unit: 'ms' },
  rounds: 20,
  warmUps: 3,
  note: 'Started as the command line starts it: the bundle, with a filled compile cache. The reference also ends.',
  prepare,
};

async function prepare(scope: Scope): Promise<Contest> {
  const environment = makeEnvironment(scope);
  const socket = socketPath(environment.paths, 'vmd');
  return {
    async subject() {
      const startedAt = performance.now();
      const vmd = await startService(scope, environment, 'vmd');
      const connection = openConnection({ socket, service: 'vmd', patienceMs: 0 });
      await createClient(InfoServiceDefinition, connection).getInfo({});
      const value = performance.now() - startedAt;
      const beside = readCpuMs(vmd.pid);
      connection.close();
      await vmd.stop();
      return { value, beside };
    },
    references: [measureBareNode(scope)],
  };
}
