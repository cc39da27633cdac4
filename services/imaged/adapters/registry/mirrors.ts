import { BangerError, hasReason } from '#kit/errors.ts';
import type { Endpoint } from './endpoint.ts';
import type { Retries } from './retries.ts';

/** Another host that has a registry's images, tried before the registry itself. */
export type Mirror = {
  readonly host: string;
  /** Put before every repository, for mirrors that keep several registries apart by a first folder. */
  readonly repositoryPrefix?: string;
  readonly insecure?: boolean;
};

/** Mirrors in the order they are to be tried, by the registry they stand for. */
export type Mirrors = Readonly<Record<string, readonly Mirror[]>>;

/** A mirror has somebody behind it, so waiting for its recovery is not worth as much. */
const MIRROR_ATTEMPTS = 2;

/** The hosts of one pull, mirrors first. A mirror that has failed is not asked again. */
export class Endpoints {
  readonly #mirrors: Set<Endpoint>;
  readonly #origin: Endpoint;
  readonly #failures: unknown[] = [];

  constructor(mirrors: readonly Endpoint[], origin: Endpoint) {
    this.#mirrors = new Set(mirrors);
    this.#origin = origin;
  }

  /** Does the work with the first host that can. If none can, what the origin said is what counts. */
  async withFirst<T>(
    retries: Retries,
    work: (endpoint: Endpoint, retries: Retries) => Promise<T>,
  ): Promise<T> {
    const policy = { ...retries.policy, attempts: MIRROR_ATTEMPTS };
    for (const mirror of [...this.#mirrors]) {
      try {
        return await work(mirror, { ...retries, policy });
      } catch (error) {
        retries.signal.throwIfAborted();
        // Another host does not help when the trouble is on this side.
        if (hasReason(error, 'DISK_FULL')) throw error;
        this.#mirrors.delete(mirror);
        this.#failures.push(error);
      }
    }
    try {
      return await work(this.#origin, retries);
    } catch (error) {
      retries.signal.throwIfAborted();
      throw this.#withMirrorFailures(error);
    }
  }

  #withMirrorFailures(error: unknown): unknown {
    const { length } = this.#failures;
    if (length === 0 || !(error instanceof BangerError)) return error;
    const mirrors = length === 1 ? 'a mirror' : `${length} mirrors`;
    return new BangerError(error.reason, `${error.message} (${mirrors} failed before)`, {
      cause: new AggregateError([error, ...this.#failures]),
      metadata: error.metadata,
    });
  }
}
