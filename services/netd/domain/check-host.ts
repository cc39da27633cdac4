import type { HostCheck } from '#kit/host-check.ts';

export async function checkHost(): Promise<HostCheck[]> {
  return [];
}
