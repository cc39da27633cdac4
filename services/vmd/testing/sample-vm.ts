import { parseImageName, parseVmId, parseVmName } from '#kit/names.ts';
import type { Vm } from '../domain/vm.ts';

const AT = new Date('2026-01-02T03:04:05.000Z');

/** A stopped VM with everything a record must have. */
export function sampleVm(change: Partial<Vm> = {}): Vm {
  return {
    id: parseVmId('0123456789abcdef'),
    name: parseVmName('web'),
    state: 'stopped',
    stateDetail: '',
    spec: {
      vcpus: 1,
      memoryMib: 512,
      diskSizeBytes: 2 ** 30,
      systemSizeBytes: 2 ** 30,
      network: 'user',
      nat: false,
      peers: false,
      autostart: false,
      labels: {},
    },
    image: { id: 'image-1', name: parseImageName('busybox') },
    kernel: { id: 'kernel-1', name: parseImageName('debian-cloud') },
    driver: 'fake',
    pendingSettings: [],
    idempotencyKey: '',
    createdAt: AT,
    lastUsedAt: AT,
    publishedPorts: [],
    ...change,
  };
}
