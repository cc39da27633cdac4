import { type Ipv4, type Mac, macOf } from '#kit/ipv4.ts';
import type { VmId } from '#kit/names.ts';
import { type BridgeLease, tapName } from './lease.ts';

/** What one VM's packet rules are made from; their text is rootd's. */
export type VmRules = {
  readonly vm: VmId;
  readonly tapIndex: number;
  readonly address: Ipv4;
  readonly mac: Mac;
  readonly nat: boolean;
  readonly peers: boolean;
};

export function rulesOf({ vm, tapIndex, address, nat, peers }: BridgeLease): VmRules {
  return { vm, tapIndex, address, mac: macOf(address), nat, peers };
}

export function areSameRules(a: VmRules, b: VmRules): boolean {
  return formatRules(a) === formatRules(b);
}

/** For people, in a fixed order, such as "bgtap-3 172.30.0.5 02:00:ac:1e:00:05 nat". */
export function formatRules({ tapIndex, address, mac, nat, peers }: VmRules): string {
  const grants = [nat ? 'nat' : '', peers ? 'peers' : ''].filter((grant) => grant !== '');
  return [tapName(tapIndex), address, mac, ...grants].join(' ');
}
