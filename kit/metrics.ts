/** Counters of one service, written in the Prometheus text format when asked. */
export type Metrics = {
  countCall(method: string, status: string, durationMs: number): void;
  /** Counts a call as running until it is disposed of. */
  enter(): Disposable;
  running(): number;
  /** Adds a figure that is read when metrics are asked for. */
  gauge(name: string, help: string, read: () => number): void;
  format(): string;
};

type CallCount = { calls: number; seconds: number };
type Gauge = { name: string; help: string; read: () => number };

export function createMetrics(service: string): Metrics {
  const calls = new Map<string, CallCount>();
  let running = 0;
  const gauges: Gauge[] = [
    {
      name: 'banger_process_resident_memory_bytes',
      help: 'Resident memory of the service.',
      read: () => process.memoryUsage.rss(),
    },
    {
      name: 'banger_process_uptime_seconds',
      help: 'Time since the service started.',
      read: () => process.uptime(),
    },
    {
      name: 'banger_calls_running',
      help: 'Calls that run now, the one that asks among them.',
      read: () => running,
    },
  ];
  return {
    countCall(method, status, durationMs) {
      const labels = `service="${service}",method="${method}",status="${status}"`;
      const count = calls.get(labels) ?? { calls: 0, seconds: 0 };
      calls.set(labels, {
        calls: count.calls + 1,
        seconds: count.seconds + durationMs / 1000,
      });
    },
    enter() {
      running += 1;
      return { [Symbol.dispose]: () => void running-- };
    },
    running: () => running,
    gauge: (name, help, read) => void gauges.push({ name, help, read }),
    format: () =>
      [...gauges.map((gauge) => formatGauge(service, gauge)), ...formatCalls(calls)].join(''),
  };
}

function formatGauge(service: string, { name, help, read }: Gauge): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${name}{service="${service}"} ${read()}\n`;
}

function formatCalls(calls: ReadonlyMap<string, CallCount>): string[] {
  const rows = (name: string, value: (count: CallCount) => number) =>
    [...calls].map(([labels, count]) => `${name}{${labels}} ${value(count)}\n`).join('');
  return [
    '# HELP banger_calls_total Calls by method and status.\n# TYPE banger_calls_total counter\n',
    rows('banger_calls_total', (count) => count.calls),
    '# HELP banger_call_seconds_total Time spent in calls.\n# TYPE banger_call_seconds_total counter\n',
    rows('banger_call_seconds_total', (count) => count.seconds),
  ];
}
