import type { Rpc } from '#kit/rpc.ts';
import { RootServiceDefinition } from '#proto/banger/v1/root.ts';

export function rootService(): Rpc {
  return { definition: RootServiceDefinition, implementation: {} };
}
