/** Per source, so many a second and a reserve for bursts. What is remembered of sources is bounded. */
export type RateLimit = { allows(source: string): boolean };

export type RateLimitOptions = {
  perSecond: number;
  burst: number;
  /** A clock that never goes back, in milliseconds. */
  nowMs(): number;
};

const MOST_SOURCES = 4096;

export function createRateLimit({ perSecond, burst, nowMs }: RateLimitOptions): RateLimit {
  /** The sources that asked last are at the end. */
  const sources = new Map<string, { left: number; atMs: number }>();
  return {
    allows(source) {
      const atMs = nowMs();
      const known = sources.get(source) ?? { left: burst, atMs };
      const earned = ((atMs - known.atMs) / 1000) * perSecond;
      const left = Math.min(burst, known.left + earned);
      const allowed = left >= 1;
      sources.delete(source);
      sources.set(source, { left: allowed ? left - 1 : left, atMs });
      const [oldest] = sources.keys();
      if (sources.size > MOST_SOURCES && oldest !== undefined) sources.delete(oldest);
      return allowed;
    },
  };
}
