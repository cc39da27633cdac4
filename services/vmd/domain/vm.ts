import type { VmId, VmName } from '#kit/names.ts';

export const VM_STATES = [
  'creating',
  'starting',
  'running',
  'paused',
  'stopping',
  'stopped',
  'error',
  'deleting',
] as const;
export type VmState = (typeof VM_STATES)[number];

export type Vm = {
  readonly id: VmId;
  readonly name: VmName;
  readonly state: VmState;
  readonly createdAt: Date;
};
