import { formatSize } from '#kit/size.ts';
import { NetworkMode } from '#proto/banger/v1/types.ts';
import { lowerName } from '../output/enum.ts';
import type { CreateRequest } from './create.ts';

/** A request for a machine as --dry-run tells it; what it leaves open is for the service to choose. */
export function formatRequest({ name, image, kernel, settings, publish }: CreateRequest) {
  const mib = settings?.memoryMib;
  const mode = settings?.network ?? NetworkMode.UNSPECIFIED;
  const rows: [label: string, value: string | undefined][] = [
    ['name', name || 'made up'],
    ['image', image || 'the default'],
    ['kernel', kernel || 'the default'],
    ['vcpus', settings?.vcpus?.toString()],
    ['memory', mib === undefined ? undefined : formatSize(mib * 2 ** 20)],
    ['work disk', sizeOf(settings?.diskSizeBytes)],
    ['root disk', sizeOf(settings?.systemSizeBytes)],
    ['network', mode === NetworkMode.UNSPECIFIED ? undefined : lowerName(mode, 'NETWORK_MODE_')],
    ['nat', settings?.nat === true ? 'yes' : undefined],
    ...(publish ?? []).map(({ hostAddress, hostPort, guestPort }): [string, string] => [
      'publish',
      `${hostAddress || '127.0.0.1'}:${hostPort} to port ${guestPort} of the guest`,
    ]),
  ];
  const lines = rows.map(([label, value]) => `${label.padEnd(10)}  ${value ?? 'the default'}`);
  return ['nothing was made; this would be:', ...lines].join('\n');
}

function sizeOf(bytes: number | undefined): string | undefined {
  return bytes === undefined ? undefined : formatSize(bytes);
}
