import { parseSize } from '#kit/size.ts';
import { NetworkMode } from '#proto/banger/v1/types.ts';
import { PortProtocol, type PublishedPort } from '#proto/banger/v1/vm.ts';
import type { Input, Option } from '../command.ts';
import { optionText, optionTexts } from '../input.ts';
import { UsageError } from '../output/error.ts';

/** The options that size a VM: for run, create and set alike. */
export const SETTING_OPTIONS: readonly Option[] = [
  { spelling: '--vcpu <count>', description: 'virtual processors' },
  { spelling: '--memory <size>', description: 'memory, such as 2G' },
  { spelling: '--disk-size <size>', description: 'work disk, mounted at /root' },
  { spelling: '--system-size <size>', description: 'root disk' },
  {
    spelling: '--network <mode>',
    description: 'bridge, user or none',
    completes: ['bridge', 'user', 'none'],
  },
  { spelling: '--nat', description: 'let the guest reach the outside' },
  { spelling: '--peers', description: 'let the guest reach other guests' },
  {
    spelling: '--label <name=value>',
    description: 'a note of your own on it; may be repeated',
    repeats: true,
  },
];

const MODES = {
  bridge: NetworkMode.BRIDGE,
  user: NetworkMode.USER,
  none: NetworkMode.NONE,
} as const;

export function readSettings(input: Input, command: string) {
  const vcpus = optionText(input, 'vcpu');
  const memory = optionText(input, 'memory');
  const diskSize = optionText(input, 'diskSize');
  const systemSize = optionText(input, 'systemSize');
  const flag = (name: string) => {
    const value = input.options[name];
    return typeof value === 'boolean' ? { [name]: value } : {};
  };
  return {
    ...(vcpus === undefined ? {} : { vcpus: wholeNumber(vcpus, '--vcpu', command) }),
    ...(memory === undefined ? {} : { memoryMib: memoryOf(memory, command) }),
    ...(diskSize === undefined ? {} : { diskSizeBytes: parseSize(diskSize) }),
    ...(systemSize === undefined ? {} : { systemSizeBytes: parseSize(systemSize) }),
    network: networkOf(optionText(input, 'network'), command),
    ...flag('nat'),
    ...flag('peers'),
    ...flag('autostart'),
    labels: readLabels(input, command),
  };
}

function readLabels(input: Input, command: string): Record<string, string> {
  return Object.fromEntries(
    optionTexts(input, 'label').map((text) => {
      const at = text.indexOf('=');
      if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
      throw new UsageError(`--label takes name=value, not "${text}"`, command);
    }),
  );
}

/** 0 is passed on: the service refuses it with the bounds. */
function memoryOf(text: string, command: string): number {
  return /^0+$/.test(text)
    ? wholeNumber(text, '--memory', command)
    : Math.floor(parseSize(text) / 2 ** 20);
}

export function wholeNumber(text: string, option: string, command: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`${option} takes a whole number, not "${text}"`, command);
}

function networkOf(mode: string | undefined, command: string): NetworkMode {
  if (mode === undefined) return NetworkMode.UNSPECIFIED;
  const found = Object.entries(MODES).find(([name]) => name === mode)?.[1];
  if (found !== undefined) return found;
  throw new UsageError(`--network is bridge, user or none, not "${mode}"`, command);
}

/** "[host address:]host port:guest port[/udp]", as for docker. */
export function parsePublish(text: string, command: string): PublishedPort {
  const match = /^(?:(\[[^\]]+\]|[^:]+):)?(\d{1,5}):(\d{1,5})(?:\/(tcp|udp))?$/.exec(text);
  if (match === null) {
    throw new UsageError(
      `--publish takes [address:]host-port:guest-port[/udp], not "${text}"`,
      command,
    );
  }
  return {
    hostAddress: (match[1] ?? '').replace(/^\[|\]$/g, ''),
    hostPort: Number(match[2]),
    guestPort: Number(match[3]),
    protocol: match[4] === 'udp' ? PortProtocol.UDP : PortProtocol.TCP,
  };
}

export function readPublished(input: Input, command: string): PublishedPort[] {
  return optionTexts(input, 'publish').map((text) => parsePublish(text, command));
}
