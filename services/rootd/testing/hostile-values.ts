import type { RootMethod } from './rootd-process.ts';
import { IMAGE_ID, KERNEL_ID } from './vm-state.ts';

/** What a method is asked when somebody means well; the hostile requests are made from these. */
export function honestRequests(vmId: string): Readonly<Record<RootMethod, object>> {
  const bridge = 'br-banger';
  const rules = { vmId, tapIndex: 1, address: '172.30.0.11', mac: '02:00:ac:1e:00:11' };
  return {
    ensureBridge: { bridge, address: '172.30.0.1', prefixLength: 24 },
    clearBridge: { bridge },
    createTaps: { bridge, indexes: [1, 2] },
    deleteTaps: { indexes: [2] },
    listTaps: {},
    applyRules: { bridge, rules: { ...rules, nat: false, peers: false }, dnsPort: 42_053 },
    clearRules: { vmId },
    listRules: {},
    setResolver: { bridge, dnsPort: 42_069 },
    clearResolver: { bridge },
    launchVmm: {
      ...{ vmId, imageId: IMAGE_ID, kernelId: KERNEL_ID, vcpus: 1, memoryMib: 64 },
      ...{ accelerator: 'ACCELERATOR_TCG', tscKhz: 2_600_000, mac: '', consoleVerbose: false },
    },
    describeVmm: { vmId },
    listVmms: {},
    signalVmm: { vmId, signal: 'VMM_SIGNAL_TERM' },
    reapVmm: { vmId },
  };
}

/** Every text is tried in every field that takes one. */
const TEXTS = [
  ...['', ' ', '.', '..', '/', '*', '-', '%', '\0', '\n', '"', "'", '\\', '~'],
  ...['a'.repeat(1000), 'br-banger-'.repeat(500), '0'.repeat(16_000), '\u{1f4a9}'.repeat(100)],
  // Other people's things.
  ...['eth0', 'lo', 'victim0', 'victim-br', 'docker0', 'bgtap-1', 'br-banger0', 'br-bange', 'all'],
  ...['filter', 'inet victim', 'root', '0', '-1', '1', '0000000000000001', 'ffffffffffffffff'],
  // Ways out of a folder or a line.
  ...['../../../etc/passwd', '/etc/passwd', '../bbbbbbbbbbbbbbbb', 'aaaaaaaaaaaaaaaa/../..', './x'],
  ...[
    'br-banger/../victim0',
    'br-banger\0victim0',
    'br-banger\nlink del dev victim0',
    'br-banger ',
  ],
  ...[
    'br-banger; link del victim0',
    '$(touch /run/treasure/x)',
    '`id`',
    '-batch',
    '--help',
    '@file',
  ],
  ...['" } ; flush ruleset ; {', 'aaaaaaaaaaaaaaaa\n', ' aaaaaaaaaaaaaaaa', 'aaaaaaaaaaaaaaa'],
  // Look-alikes: Cyrillic, full width, Greek, combining, invisible, other digits, capitals.
  ...[
    'br-b\u0430nger',
    '\uff42\uff52-banger',
    'br\u2010banger',
    'br-banger\u0301',
    'br-ban\u200bger',
  ],
  ...[
    '\u0661\u0667\u0662.\u0663\u0660.\u0660.\u0661',
    'BR-BANGER',
    'AAAAAAAAAAAAAAAA',
    '\uff41'.repeat(16),
  ],
  // Long and short of what is right.
  ...['br-banger-', 'br-banger-abcdef', 'br-banger-a_b', 'aaaaaaaaaaaaaaaaa', 'br-bangerbr-banger'],
  // Addresses of all kinds but the right one.
  ...[
    '0.0.0.0',
    '255.255.255.255',
    '127.0.0.1',
    '8.8.8.8',
    '169.254.1.1',
    '224.0.0.1',
    '172.30.0.1',
  ],
  ...['172.30.0.0', '172.30.0.255', '10.9.0.1', '192.168.77.1', '172.30.0', '172.30.0.1/24', '1'],
  ...['0172.30.0.1', '172.030.0.1', '172.30.0.256', '0xac1e0001', '2887647233', '::1', 'fe80::1'],
  ...['172.30.0.1 dev victim0', '172.30.0.1\naddr flush dev victim0', '172.30.0.11 '],
  // The same of MACs.
  ...['00:00:00:00:00:00', 'ff:ff:ff:ff:ff:ff', '01:00:5e:00:00:01', '33:33:00:00:00:01'],
  ...['02:00:ac:1e:00:01', '02-00-ac-1e-00-11', '02:00:ac:1e:00', '02:00:ac:1e:00:11:22'],
  ...['02:00:AC:1E:00:11', '0200.ac1e.0011', '02:00:ac:1e:00:1g', '00:16:3e:00:00:01'],
  ...['ACCELERATOR_KVM', 'VMM_SIGNAL_KILL'],
];

const NUMBERS = [
  ...[0, 1, 2, 3, 7, 15, 16, 17, 29, 30, 31, 32, 33, 53, 64, 65, 80, 128, 255, 256, 257, 4_096],
  ...[32_767, 32_768, 65_535, 65_536, 99_999, 100_000, 1_000_000, 10_000_001, 2 ** 24],
  ...[2 ** 31 - 1, 2 ** 31, 2 ** 32 - 2, 2 ** 32 - 1],
];

const LISTS = [
  [],
  [0],
  [1, 1, 1, 1],
  [65_535, 65_536],
  [2 ** 32 - 1],
  Array.from({ length: 257 }, (_, index) => index),
  Array.from({ length: 5000 }, () => 7),
];

/** The values that may stand in a field instead of its honest one. */
export function hostileValues(honest: unknown): readonly unknown[] {
  if (Array.isArray(honest)) return LISTS;
  if (typeof honest === 'number') return NUMBERS;
  if (typeof honest === 'boolean') return [true, false];
  if (typeof honest === 'string') {
    return /^[A-Z_]+$/.test(honest) ? [...TEXTS, ...ENUM_NUMBERS] : TEXTS;
  }
  return [undefined, {}];
}

/** Numbers of an enumeration that its contract does not have. */
const ENUM_NUMBERS = [0, 3, 6, 99, 2 ** 31 - 1];

/** Every request that differs from the honest one in one field, of nested messages as well. */
export function* mutations(honest: object): Generator<object> {
  for (const [field, value] of Object.entries(honest)) {
    for (const hostile of hostileValues(value)) yield { ...honest, [field]: hostile };
    if (value instanceof Object && !Array.isArray(value)) {
      for (const inner of mutations(value)) yield { ...honest, [field]: inner };
    }
  }
}

/** Numbers that look random and are the same in every run, so that a failure can be seen again. */
export function createDice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

/** A request in which several fields are hostile at once. */
export function mutateAll(honest: object, dice: (sides: number) => number): object {
  const fields = Object.entries(honest).map(([field, value]) => {
    if (dice(2) === 0) return [field, value];
    if (value instanceof Object && !Array.isArray(value)) return [field, mutateAll(value, dice)];
    const values = hostileValues(value);
    return [field, values[dice(values.length)]];
  });
  return Object.fromEntries(fields);
}

/** Bytes that are hardly a message: cut short, stretched, or with bits turned. */
export function garble(body: Uint8Array, dice: (sides: number) => number): Uint8Array {
  const bytes = Buffer.from(body);
  for (let turn = 0; turn <= dice(4); turn++) {
    if (bytes.length > 0) bytes[dice(bytes.length)] = dice(256);
  }
  const cut = bytes.subarray(0, dice(bytes.length + 1));
  return dice(2) === 0 ? cut : Buffer.concat([bytes, Buffer.from([dice(256), 255, dice(256)])]);
}
