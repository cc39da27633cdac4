import type { TestContext } from 'node:test';
import { BlobCache } from '../adapters/registry/blob-cache.ts';
import type { RegistryOptions } from '../adapters/registry/registry.ts';
import { createRegistry, type PullOptions, type Registry } from '../adapters/registry/registry.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

/** Retries without waiting: the tests are about what is tried again, not about when. */
export const QUICK_RETRIES = {
  attempts: 4,
  baseDelayMs: 1,
  maxDelayMs: 2,
  retryAfterLimitMs: 2000,
};

export type PullSetup = { readonly registry: Registry; readonly cache: BlobCache };

/** A registry client with a cache of its own. */
export async function setUpPulls(
  t: TestContext,
  options: Partial<RegistryOptions> = {},
): Promise<PullSetup> {
  const cache = options.cache ?? new BlobCache(await makeTemporaryFolder(t));
  const registry = createRegistry({ retryPolicy: QUICK_RETRIES, ...options, cache });
  t.after(() => registry[Symbol.dispose]());
  return { registry, cache };
}

export function pullOptions(options: Partial<PullOptions> = {}): PullOptions {
  return {
    platform: { os: 'linux', architecture: 'amd64', variant: undefined },
    signal: new AbortController().signal,
    ...options,
  };
}
