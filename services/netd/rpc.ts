import type { Rpc } from '#kit/rpc.ts';
import { NetworkServiceDefinition } from '#proto/banger/v1/network.ts';

export function networkService(): Rpc {
  return { definition: NetworkServiceDefinition, implementation: {} };
}
