import type { Credentials } from '../../domain/credentials.ts';
import type { Platform } from '../../domain/platform.ts';
import { formatReference, type Reference } from '../../domain/reference.ts';
import { resolveImage } from '../../domain/resolve-image.ts';
import type { BlobProgress, SourceImage } from '../../domain/source-image.ts';
import type { BlobCache } from './blob-cache.ts';
import { Endpoint } from './endpoint.ts';
import { fetchDescribed, fetchRoot } from './fetch-document.ts';
import { Endpoints, type Mirrors } from './mirrors.ts';
import { checkImageSize, createPulledImage } from './pulled-image.ts';
import { RETRY_POLICY, type RetryPolicy } from './retries.ts';
import { createTransport, type Transport, type TransportOptions } from './transport.ts';

export type RegistryOptions = TransportOptions & {
  readonly cache: BlobCache;
  readonly mirrors?: Mirrors;
  readonly retryPolicy?: RetryPolicy;
  /** The most that the layers of one image may have together, as they are sent. */
  readonly imageLimitBytes?: number;
};

export type PullOptions = {
  readonly platform: Platform;
  /** Ends the pull, also after `openImage` has returned. */
  readonly signal: AbortSignal;
  /** By host, registries and mirrors alike; each host sees its own and no other. */
  readonly credentials?: ReadonlyMap<string, Credentials>;
  /** Allows plain HTTP to hosts other than this machine. */
  readonly insecure?: boolean;
  readonly onProgress?: ((progress: BlobProgress) => void) | undefined;
};

/** A client for pulling images. It reads neither login files nor the environment: both are passed in. */
export type Registry = Disposable & {
  /**
   * Finds the image and what it consists of. The first `open` of a layer starts the download of all
   * of them into the cache; each `open` gives its layer's bytes once they are there and verified.
   */
  openImage(reference: Reference, options: PullOptions): Promise<SourceImage>;
};

const IMAGE_LIMIT_BYTES = 64 * 2 ** 30;

export function createRegistry(options: RegistryOptions): Registry {
  const { cache, imageLimitBytes = IMAGE_LIMIT_BYTES, retryPolicy = RETRY_POLICY } = options;
  const transport = createTransport(options);
  return {
    async openImage(reference, pull) {
      const name = formatReference(reference);
      const retries = { policy: retryPolicy, signal: pull.signal };
      const endpoints = listEndpoints(transport, options.mirrors ?? {}, reference, pull);
      const root = await endpoints.withFirst(retries, (endpoint, tries) =>
        fetchRoot(endpoint, reference, tries),
      );
      const resolved = await resolveImage(name, root, pull.platform, (blob, kind) =>
        endpoints.withFirst(retries, (endpoint, tries) =>
          fetchDescribed(endpoint, blob, { kind, image: name }, tries),
        ),
      );
      checkImageSize(name, resolved.layers, imageLimitBytes);
      const { onProgress } = pull;
      return createPulledImage({ ...resolved, name, endpoints, cache, retries, onProgress });
    },
    [Symbol.dispose]: () => transport[Symbol.dispose](),
  };
}

function listEndpoints(
  transport: Transport,
  mirrors: Mirrors,
  { registry, repository }: Reference,
  { credentials: all, insecure = false }: PullOptions,
): Endpoints {
  const toEndpoint = (host: string, path: string, isPlain: boolean): Endpoint => {
    const credentials = all?.get(host);
    return new Endpoint({ transport, host, repository: path, credentials, insecure: isPlain });
  };
  const known = Object.hasOwn(mirrors, registry) ? mirrors[registry] : undefined;
  const before = (known ?? []).map((mirror) => {
    const prefix = mirror.repositoryPrefix === undefined ? '' : `${mirror.repositoryPrefix}/`;
    return toEndpoint(mirror.host, `${prefix}${repository}`, mirror.insecure ?? false);
  });
  return new Endpoints(before, toEndpoint(registry, repository, insecure));
}
