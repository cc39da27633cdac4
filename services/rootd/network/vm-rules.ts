import { isDeepStrictEqual } from 'node:util';
import { hasReason } from '#kit/errors.ts';
import { type Ipv4, isIpv4, isMac, type Mac } from '#kit/ipv4.ts';
import { parseVmId, type VmId } from '#kit/names.ts';
import type { Nftables } from '#kit/nftables.ts';
import { type BridgeName, findTapIndex, tapName } from './names.ts';
import { PACKET_SETS } from './packet-rules.ts';

/** What one VM may send and whom it may reach. */
export type VmRules = {
  readonly vmId: VmId;
  readonly tapIndex: number;
  readonly address: Ipv4;
  readonly mac: Mac;
  readonly nat: boolean;
  readonly peers: boolean;
};

/** The elements of our sets as the kernel has them: key (joined as nft writes it) to comment. */
export type PacketSets = ReadonlyMap<string, ReadonlyMap<string, string>>;

type SetJson = {
  set?: { family: string; name: string; elem?: ElementJson[] };
};
type KeyJson = string | number | { concat: (string | number)[] };
type ElementJson = KeyJson | { elem: { val: KeyJson; comment?: string } };

/** Of our own tables only: on some hosts other people's sets have a hundred thousand elements. */
export function readPacketSets(nft: Nftables): PacketSets {
  return new Map(
    [...readTable(nft, 'bridge'), ...readTable(nft, 'inet')]
      .flatMap(({ set }) => (set === undefined ? [] : [set]))
      .map(({ family, name, elem = [] }) => [`${family} ${name}`, new Map(elem.map(toElement))]),
  );
}

/** Nothing where there is no such table: before the first bridge, or after somebody flushed it. */
function readTable(nft: Nftables, family: 'bridge' | 'inet'): SetJson[] {
  try {
    return (nft.list(`table ${family} banger`) as { nftables: SetJson[] }).nftables;
  } catch (error) {
    const isAbsent = hasReason(error, 'COMMAND_FAILED') && /No such file/.test(error.message);
    if (isAbsent) return [];
    throw error;
  }
}

export function isComplete(sets: PacketSets): boolean {
  return PACKET_SETS.every((name) => sets.has(name));
}

/** The VMs that have rules. An element that somebody added by hand has no owner and is not told. */
export function vmRulesOf(sets: PacketSets): VmRules[] {
  const nat = sets.get('inet nat');
  const peers = sets.get('inet peers');
  return elementsOf(sets, 'bridge guests').flatMap(([key, comment]) => {
    const guest = parseGuest(key, comment);
    if (guest === undefined) return [];
    const has = (set: ReadonlyMap<string, string> | undefined) =>
      set?.get(guest.address) === comment;
    return [{ ...guest, nat: has(nat), peers: has(peers) }];
  });
}

/** Whether a VM has these rules, all of them and no others. */
export function hasRules(sets: PacketSets, rules: VmRules): boolean {
  const known = vmRulesOf(sets).find(({ vmId }) => vmId === rules.vmId);
  const elements = deleteElements(sets, rules.vmId).length;
  return isDeepStrictEqual(known, rules) && elements === addElements(rules).length;
}

/** What gives a VM its rules, as lines of a transaction. */
export function addElements(rules: VmRules): string[] {
  return [...elementKeys(rules)].flatMap(([set, keys]) =>
    keys.map(
      (key) =>
        `add element ${inTable(set)} { ${quoteDevices(key)} comment "${commentOf(rules.vmId)}" }`,
    ),
  );
}

/** What a VM's rules are in our sets: set to keys, as the kernel tells them. */
function elementKeys({ tapIndex, address, mac, nat, peers }: VmRules): Map<string, string[]> {
  const tap = tapName(tapIndex);
  return new Map([
    ['bridge guests', [`${tap} . ${mac} . ${address}`]],
    ['inet nat', nat ? [address] : []],
    ['inet peers', peers ? [address] : []],
    ['bridge peers', peers ? [tap] : []],
  ]);
}

/** What takes everything from a VM that it has now, and nothing from anybody else. */
export function deleteElements(sets: PacketSets, vmId: VmId): string[] {
  return PACKET_SETS.flatMap((set) =>
    elementsOf(sets, set)
      .filter(([, comment]) => comment === commentOf(vmId))
      .map(([key]) => `delete element ${inTable(set)} { ${quoteDevices(key)} }`),
  );
}

/** The sets as they are once a VM has these rules, or without any, no others. */
export function withRules(sets: PacketSets, vmId: VmId, rules?: VmRules): PacketSets {
  const owner = commentOf(vmId);
  const keysIn = (set: string) => (rules === undefined ? [] : (elementKeys(rules).get(set) ?? []));
  return new Map(
    [...sets].map(([set, elements]) => {
      const others = [...elements].filter(([, comment]) => comment !== owner);
      const own = keysIn(set).map((key): [string, string] => [key, owner]);
      return [set, new Map([...others, ...own])];
    }),
  );
}

/** Replaces the port of one bridge's DNS; of other bridges nothing is changed. */
export function setDnsPort(sets: PacketSets, bridge: BridgeName, port: number): string[] {
  const known = elementsOf(sets, 'inet dns_ports').filter(([key]) =>
    key.startsWith(`${bridge} . `),
  );
  if (known.length === 1 && known[0]?.[0] === `${bridge} . ${port}`) return [];
  return [
    ...deleteDnsPort(sets, bridge),
    `add element inet banger dns_ports { "${bridge}" . ${port} comment "bridge ${bridge}" }`,
    `add element inet banger dns { "${bridge}" . 53 comment "bridge ${bridge}" : ${port} }`,
  ];
}

/** The set and the map change together, so the one that can be read tells what is in the other. */
export function deleteDnsPort(sets: PacketSets, bridge: BridgeName): string[] {
  const known = elementsOf(sets, 'inet dns_ports').filter(([key]) =>
    key.startsWith(`${bridge} . `),
  );
  return known.flatMap(([key]) => [
    `delete element inet banger dns_ports { ${quoteDevices(key)} }`,
    `delete element inet banger dns { "${bridge}" . 53 }`,
  ]);
}

function toElement(json: ElementJson): [key: string, comment: string] {
  if (typeof json === 'object' && 'elem' in json) {
    return [toKey(json.elem.val), json.elem.comment ?? ''];
  }
  return [toKey(json), ''];
}

function toKey(json: KeyJson): string {
  return typeof json === 'object' ? json.concat.join(' . ') : String(json);
}

function elementsOf(sets: PacketSets, name: string): [key: string, comment: string][] {
  return [...(sets.get(name) ?? [])];
}

function parseGuest(key: string, comment: string) {
  const [tap = '', mac = '', address = ''] = key.split(' . ');
  const tapIndex = findTapIndex(tap);
  const vmId = /^vm ([0-9a-f]{16})$/.exec(comment)?.[1];
  if (tapIndex === undefined || vmId === undefined || !isMac(mac) || !isIpv4(address)) {
    return undefined;
  }
  return { vmId: parseVmId(vmId), tapIndex, address, mac };
}

function commentOf(vmId: VmId): string {
  return `vm ${vmId}`;
}

function inTable(set: string): string {
  return set.replace(' ', ' banger ');
}

/** A name of a device with "-" in it is not one word for nft unless quoted. */
function quoteDevices(key: string): string {
  return key.replaceAll(/[a-z]+-[a-z0-9-]+/g, (device) => `"${device}"`);
}
