import { posix } from 'node:path';
import { BangerError } from '#kit/errors.ts';
import { type CpioEntry, writeCpio } from './cpio.ts';

/** What the guest program reads at boot; docs/guest-protocol.md, "Configuration". */
export type GuestConfig = {
  readonly hostname?: string;
  /** 32 hexadecimal digits. */
  readonly machineId?: string;
  /** "auto" looks for one in the image, "none" makes the guest program PID 1. */
  readonly init?: 'auto' | 'none' | `/${string}`;
  readonly disks?: {
    readonly root?: DiskName;
    readonly work?: DiskName;
    readonly modules?: DiskName;
  };
  readonly network?: GuestNetwork;
  readonly nameservers?: readonly string[];
  readonly search?: string;
  readonly channel?: `virtio-serial:${string}` | `vsock:${number}`;
  /** "reset" for a VMM that ends on reset and has no ACPI. */
  readonly powerOff?: 'acpi' | 'reset';
};

export type DiskName = `serial:${string}` | `device:${string}`;

export type GuestNetwork = {
  readonly interface?: string;
  readonly mac?: string;
  /** With its prefix: "172.30.0.5/16". */
  readonly address: string;
  readonly gateway?: string;
  readonly mtu?: number;
};

/**
 * A file, a link or a folder to be put into the image's root at boot. Folders that are not named get
 * mode 0755 and root; one that the image has keeps its own owner and mode.
 */
export type IdentityFile = {
  /** Absolute, in the guest. */
  readonly path: string;
  readonly uid?: number;
  readonly gid?: number;
} & (
  | { readonly content: Buffer; readonly mode: number }
  | { readonly target: string }
  | { readonly folder: true; readonly mode: number }
);

/** The archive that is appended to the initrd for one VM. */
export function writeIdentityArchive(
  config: GuestConfig,
  files: readonly IdentityFile[] = [],
): Buffer {
  const entries = files.map(toEntry);
  const named = new Set(entries.map(({ path }) => path));
  const missing = foldersOf(entries).filter((path) => !named.has(path));
  /* A folder sorts before what is in it. */
  const tree = [...missing.map(folder), ...entries].sort((a, b) => (a.path < b.path ? -1 : 1));
  const content = Buffer.from(formatConfig(config), 'utf8');
  return writeCpio([
    folder('identity'),
    { kind: 'file', path: 'identity/config', mode: 0o600, content },
    ...tree,
  ]);
}

/** One line for each value, in the order of the document's table. Also what `setIdentity` takes. */
export function formatConfig(config: GuestConfig): string {
  const { network } = config;
  const lines: [key: string, value: string | number | undefined][] = [
    ['hostname', config.hostname],
    ['machine-id', config.machineId],
    ['init', config.init],
    ['root', config.disks?.root],
    ['work', config.disks?.work],
    ['modules', config.disks?.modules],
    ['channel', config.channel],
    ['power-off', config.powerOff],
    ['interface', network?.interface],
    ['mac', network?.mac],
    ['address', network?.address],
    ['gateway', network?.gateway],
    ['mtu', network?.mtu],
    ...(config.nameservers ?? []).map((server): [string, string] => ['nameserver', server]),
    ['search', config.search],
  ];
  return lines
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key} ${checkValue(key, String(value))}\n`)
    .join('');
}

/** A line break would be another setting. */
function checkValue(key: string, value: string): string {
  if (value !== '' && !/\p{Cc}/u.test(value)) return value;
  throw new BangerError('INVALID_FIELD', `${JSON.stringify(value)} is no value for "${key}"`);
}

function toEntry(file: IdentityFile): CpioEntry {
  const { path, uid = 0, gid = 0 } = file;
  if (!path.startsWith('/') || posix.normalize(path) !== path || path.endsWith('/')) {
    throw new BangerError('INVALID_FIELD', `"${path}" is no path of a file in the guest`);
  }
  const common = { path: `identity/files${path}`, uid, gid };
  if ('target' in file) return { kind: 'link', ...common, mode: 0o777, target: file.target };
  if ('folder' in file) return { kind: 'folder', ...common, mode: file.mode };
  return { kind: 'file', ...common, mode: file.mode, content: file.content };
}

/** Every folder above the entries, because the kernel makes none by itself. */
function foldersOf(entries: readonly CpioEntry[]): string[] {
  const folders = entries.flatMap(({ path }) => {
    const parts = path.split('/').slice(0, -1);
    return parts.map((_, at) => parts.slice(0, at + 1).join('/'));
  });
  return [...new Set(folders)].filter((path) => path !== 'identity');
}

function folder(path: string): CpioEntry {
  return { kind: 'folder', path, mode: 0o755 };
}
