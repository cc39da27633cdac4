import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import { type Ipv4, isIpv4, type Subnet } from '#kit/ipv4.ts';
import { runTool } from '../host/tools.ts';
import { type BridgeName, findTapIndex, isBridgeName, type TapName, tapName } from './names.ts';

/** A network device as the kernel has it. */
export type Link = {
  readonly name: string;
  /** "bridge", "tun", "veth" and so on; empty for hardware. */
  readonly kind: string;
  readonly tap: boolean;
  readonly up: boolean;
  /** Whether something is at the other end; for a tap, a process that holds it. */
  readonly carrier: boolean;
  /** The bridge that it is a port of. */
  readonly master: string | undefined;
  readonly isolated: boolean;
  /** Number or name by which devices can be changed together; "default" for nearly all. */
  readonly group: string;
  readonly addresses: readonly Subnet[];
};

export type Tap = {
  index: number;
  name: TapName;
  up: boolean;
  attached: boolean;
  inUse: boolean;
  bridge: string;
};

type LinkJson = {
  ifname: string;
  flags: string[];
  master?: string;
  group?: string;
  linkinfo?: {
    info_kind?: string;
    info_data?: { type?: string };
    info_slave_data?: { isolated?: boolean };
  };
  addr_info?: { family: string; local: string; prefixlen: number }[];
};

/** Every device of the network namespace, in one run of the tool. */
export async function readLinks(call: Call): Promise<Link[]> {
  const links: LinkJson[] = JSON.parse(await runTool(call, 'ip', ['-j', '-d', 'addr', 'show']));
  return links.map(toLink);
}

function toLink(json: LinkJson): Link {
  const { ifname, flags, master, group = 'default', linkinfo, addr_info = [] } = json;
  return {
    name: ifname,
    kind: linkinfo?.info_kind ?? '',
    tap: linkinfo?.info_kind === 'tun' && linkinfo.info_data?.type === 'tap',
    up: flags.includes('UP'),
    carrier: flags.includes('LOWER_UP'),
    master,
    group,
    isolated: linkinfo?.info_slave_data?.isolated ?? false,
    addresses: addr_info
      .filter(({ family, local }) => family === 'inet' && isIpv4(local))
      .map(({ local, prefixlen }) => ({ address: local as Ipv4, prefixLength: prefixlen })),
  };
}

/** A device may have the name and be something else: then somebody else made it. */
export function findBridge(links: readonly Link[], name: BridgeName): Link | undefined {
  const found = links.find((link) => link.name === name);
  if (found === undefined || found.kind === 'bridge') return found;
  throw new BangerError(
    'OPERATION_REFUSED',
    `device "${name}" exists and is not a bridge; remove it, or configure another name for the bridge`,
    { metadata: { device: name } },
  );
}

export function getBridge(links: readonly Link[], name: BridgeName): Link {
  const bridge = findBridge(links, name);
  if (bridge !== undefined) return bridge;
  throw new BangerError('HOST_NOT_READY', `there is no bridge "${name}"; ensure it first`, {
    metadata: { bridge: name },
  });
}

export function findTap(links: readonly Link[], name: TapName): Link | undefined {
  const found = links.find((link) => link.name === name);
  if (found === undefined || found.tap) return found;
  throw foreignTap(name);
}

export function foreignTap(name: TapName): BangerError {
  return new BangerError(
    'OPERATION_REFUSED',
    `device "${name}" exists and is not a tap; banger did not make it`,
    { metadata: { device: name } },
  );
}

export function bridgesOf(links: readonly Link[]): Link[] {
  return links.filter(({ name, kind }) => kind === 'bridge' && isBridgeName(name));
}

export function portsOf(links: readonly Link[], bridge: Link): Link[] {
  return links.filter(({ master }) => master === bridge.name);
}

export function tapsOf(links: readonly Link[]): Tap[] {
  return links
    .flatMap((link) => {
      const index = findTapIndex(link.name);
      return index === undefined || !link.tap ? [] : [toTap(index, link)];
    })
    .sort((a, b) => a.index - b.index);
}

function toTap(index: number, { up, carrier, master }: Link): Tap {
  const bridge = master !== undefined && isBridgeName(master) ? master : '';
  return { index, name: tapName(index), up, attached: bridge !== '', inUse: up && carrier, bridge };
}
