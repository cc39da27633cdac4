import assert from 'node:assert/strict';
import type { Smoke } from './smoke.ts';

/** What is quick to boot and leaves room for others. */
export const SMALL = ['--image', 'busybox', '--memory', '128M', '--vcpu', '1'] as const;
export const RUN = ['vm', 'run', ...SMALL, '--network', 'none'] as const;

export type Vm = {
  id: string;
  name: string;
  state: string;
  stateDetail: string;
  bootId: string;
  pid: number;
  pendingSettings: string[];
  spec: Record<string, unknown>;
  publishedPorts: { hostPort: number; guestPort: number }[];
};

/** Boots the scenario's machine; options may be further ones, or others than the usual ones. */
export function create(smoke: Smoke, ...options: readonly string[]): Promise<Vm> {
  return createNamed(smoke, smoke.vm, ...options);
}

export function createNamed(
  smoke: Smoke,
  name: string,
  ...options: readonly string[]
): Promise<Vm> {
  const network = options.includes('--network') ? [] : ['--network', 'none'];
  return smoke.json('vm', 'create', '--name', name, ...SMALL, ...network, ...options);
}

export function show(smoke: Smoke, vm: string): Promise<Vm> {
  return smoke.json('vm', 'show', vm);
}

export async function stateOf(smoke: Smoke, vm: string): Promise<string> {
  return (await smoke.ok('vm', 'show', vm, '--format', 'state')).trim();
}

export async function names(smoke: Smoke): Promise<string[]> {
  return (await smoke.ok('vm', 'list', '--format', 'name')).split('\n');
}

export async function assertGone(smoke: Smoke, ...gone: readonly string[]): Promise<void> {
  const there = await names(smoke);
  assert.deepEqual(
    gone.filter((name) => there.includes(name)),
    [],
  );
}
