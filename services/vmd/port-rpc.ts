import type { WithCall } from '#kit/call-middleware.ts';
import type { VmServiceImplementation } from '#proto/banger/v1/vm.ts';
import { listVmPorts } from './domain/list-vm-ports.ts';
import type { Vmd } from './domain/ports.ts';
import { publishVmPort, unpublishVmPort } from './domain/publish-vm-port.ts';
import { readVmLogs } from './domain/read-vm-logs.ts';
import { readVmStats } from './domain/read-vm-stats.ts';
import { parsePort } from './messages/requests.ts';
import { toListeningMessage, toPortMessage, toStatsMessage } from './messages/vm-message.ts';

type Methods = 'readVmLogs' | 'readVmStats' | 'listVmPorts' | 'publishVmPort' | 'unpublishVmPort';

/** What VmService tells of a machine from outside, and its ports on the host. */
export function portMethods(vmd: Vmd): Pick<VmServiceImplementation<WithCall>, Methods> {
  return {
    async *readVmLogs({ vm, ...wanted }, { call }) {
      for await (const chunk of readVmLogs(vmd, call, vm, wanted)) {
        yield { chunk: Buffer.from(chunk) };
      }
    },
    async *readVmStats({ vm, intervalMs }, { call }) {
      for await (const stats of readVmStats(vmd, call, vm, intervalMs)) yield toStatsMessage(stats);
    },
    listVmPorts: async ({ vm }, { call }) => {
      const { listening, published } = await listVmPorts(vmd, call, vm);
      return {
        listening: listening.map(toListeningMessage),
        published: published.map(toPortMessage),
      };
    },
    publishVmPort: async ({ vm, port }, { call }) => ({
      port: toPortMessage(await publishVmPort(vmd, call, vm, parsePort(port))),
    }),
    unpublishVmPort: async ({ vm, port }, { call }) => {
      await unpublishVmPort(vmd, call, vm, parsePort(port));
      return {};
    },
  };
}
