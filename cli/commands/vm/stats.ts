import { isAbort } from '#kit/abort.ts';
import { formatDuration } from '#kit/duration.ts';
import { hasReason } from '#kit/errors.ts';
import { formatSize } from '#kit/size.ts';
import {
  type ReadVmStatsResponse,
  type Vm,
  VmServiceDefinition,
  VmState,
} from '#proto/banger/v1/vm.ts';
import type { Command } from '../../command.ts';
import type { Context } from '../../context.ts';
import { argumentTexts } from '../../input.ts';
import type { Table } from '../../output/table.ts';
import { onEachVm } from '../../targets.ts';

/** Processor time is a difference of two readings. */
const INTERVAL_MS = 1000;

export const stats: Command = {
  description:
    'What virtual machines use: of the host (its processor time, memory and disk) and inside. All that run, unless some are named.',
  arguments: [
    { spelling: '[vm...]', description: 'names, ids, or beginnings of ids', completes: 'vm' },
  ],
  options: [{ spelling: '-f, --follow', description: 'again every second until Ctrl-C' }],
  examples: [
    { line: 'banger vm stats', shows: 'a table of all that run' },
    { line: 'banger vm stats web -f', shows: 'watch one' },
    { line: 'banger vm stats --format vm,hostMemoryBytes', shows: 'figures for a script' },
  ],
  async run(context, input) {
    const named = argumentTexts(input, 0);
    const follow = input.options.follow === true;
    try {
      for (;;) {
        const code = await readAll(context, named.length > 0 ? named : await listRunning(context));
        if (!follow || code !== 0) return code;
      }
    } catch (error) {
      // Ctrl-C is how one stops following.
      if (follow && (isAbort(error) || hasReason(error, 'CANCELLED'))) return 0;
      throw error;
    }
  },
};

type Reading = { vm: Vm; stats: ReadVmStatsResponse };

async function readAll(context: Context, references: readonly string[]): Promise<number> {
  const readings: Reading[] = [];
  const code = await onEachVm(context, references, {
    verb: (vm) => readSecond(context, vm),
    tell: (vm, stats) => void readings.push({ vm, stats }),
  });
  context.signal.throwIfAborted();
  context.out.rows(readings, TABLE, toJson);
  return code;
}

/** The second of two readings: its share of the processors is that of the time between them. */
async function readSecond({ clients, signal }: Context, { id }: Vm): Promise<ReadVmStatsResponse> {
  const vms = clients.of('vmd', VmServiceDefinition);
  let latest: ReadVmStatsResponse | undefined;
  let count = 0;
  for await (const reading of vms.readVmStats({ vm: id, intervalMs: INTERVAL_MS }, { signal })) {
    latest = reading;
    if (++count === 2) break;
  }
  if (latest === undefined) throw new Error('there was no reading');
  return latest;
}

async function listRunning({ clients, signal }: Context): Promise<string[]> {
  const { vms } = await clients.of('vmd', VmServiceDefinition).listVms({}, { signal });
  return vms.filter(({ state }) => state === VmState.RUNNING).map(({ id }) => id);
}

const TABLE: Table<Reading> = [
  { title: 'NAME', text: ({ vm }) => vm.name },
  {
    title: 'CPU',
    text: ({ stats }) => `${Math.round(stats.guestCpuBusy * 100)}%`,
    align: 'right',
  },
  { title: 'LOAD', text: ({ stats }) => stats.guestLoad1m.toFixed(2), align: 'right' },
  {
    title: 'MEMORY',
    text: ({ stats: { guestMemoryTotalBytes: total, guestMemoryAvailableBytes: free } }) =>
      `${formatSize(total - free)} of ${formatSize(total)}`,
    align: 'right',
  },
  { title: 'ON HOST', text: ({ stats }) => formatSize(stats.hostMemoryBytes), align: 'right' },
  {
    title: 'DISK FREE',
    text: ({ stats }) => formatSize(stats.guestDiskFreeBytes),
    align: 'right',
  },
  { title: 'DISK ON HOST', text: ({ stats }) => formatSize(stats.hostDiskBytes), align: 'right' },
  {
    title: 'NET IN/OUT',
    text: ({ stats }) =>
      `${formatSize(stats.networkReceivedBytes)}/${formatSize(stats.networkSentBytes)}`,
    align: 'right',
  },
  { title: 'UP', text: ({ stats }) => formatDuration(stats.guestUptimeMs), align: 'right' },
];

export function toJson({ vm, stats }: Reading): unknown {
  return { vm: vm.name, vmId: vm.id, ...stats };
}
