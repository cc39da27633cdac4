import {
  HostCheckStatus,
  InfoServiceDefinition,
  type InfoServiceImplementation,
  ServiceMode,
} from '#proto/banger/v1/info.ts';
import type { Call } from './call.ts';
import type { WithCall } from './call-middleware.ts';
import type { HostCheck } from './host-check.ts';
import type { Metrics } from './metrics.ts';
import type { Paths, ServiceName } from './paths.ts';
import { BUILD, VERSION } from './program.ts';
import type { Rpc } from './rpc.ts';

/** What only the service itself knows. */
export type ServiceFacts = {
  /** 0 for a service without a database. */
  schemaVersion: number;
  checkHost(call: Call): Promise<HostCheck[]>;
};

export type ProcessFacts = {
  name: ServiceName;
  paths: Paths;
  socket: string;
  startedAt: Date;
  metrics: Metrics;
  /** What of the service's work no call waits for. */
  countRunning(): number;
};

const STATUS = {
  pass: HostCheckStatus.PASS,
  warn: HostCheckStatus.WARN,
  fail: HostCheckStatus.FAIL,
} as const;

/** The InfoService that every process serves alike. */
export function infoService(process_: ProcessFacts, facts: ServiceFacts): Rpc {
  const { name, paths, socket, startedAt, metrics, countRunning } = process_;
  const implementation: InfoServiceImplementation<WithCall> = {
    getInfo: async () => ({
      service: name,
      version: VERSION,
      build: BUILD,
      mode: paths.mode === 'installed' ? ServiceMode.INSTALLED : ServiceMode.LOCAL,
      pid: process.pid,
      uid: process.getuid?.() ?? 0,
      startedAt,
      memoryBytes: process.memoryUsage.rss(),
      socket,
      stateDir: paths.state,
      cacheDir: paths.cache,
      runtimeDir: paths.runtime,
      configFile: paths.config,
      schemaVersion: facts.schemaVersion,
      runtime: process.version,
      running: metrics.running() - 1 + countRunning(),
    }),
    checkHost: async (_request, { call }) => {
      const checks = await facts.checkHost(call);
      return { checks: checks.map((check) => ({ ...check, status: STATUS[check.status] })) };
    },
    getMetrics: async () => ({ text: metrics.format() }),
  };
  return { definition: InfoServiceDefinition, implementation };
}
