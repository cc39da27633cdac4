import type { Ipv4 } from '#kit/ipv4.ts';
import type { VmId, VmName } from '#kit/names.ts';
import { type BridgeLease, isBridgeLease, type Lease } from './lease.ts';

/** A VM that is attached to the bridge: the only ones that have a name. */
export type Guest = {
  readonly vm: VmId;
  readonly name: VmName;
  readonly address: Ipv4;
  readonly nat: boolean;
  readonly peers: boolean;
};

/** The names that are answered now. In memory only: the leases are the record it is made from again. */
export class DnsZone {
  readonly #guests = new Map<VmId, Guest>();
  readonly #byName = new Map<string, Guest>();
  readonly #byAddress = new Map<string, Guest>();
  #serial = 1;

  /** Adds a guest or replaces what was known of it. Of two guests with one name the latest has it. */
  add({ vm, name, address, nat, peers }: BridgeLease): void {
    this.remove(vm);
    const guest = { vm, name, address, nat, peers };
    this.#guests.set(vm, guest);
    this.#byName.set(name, guest);
    this.#byAddress.set(address, guest);
    this.#serial += 1;
  }

  remove(vm: VmId): void {
    const guest = this.#guests.get(vm);
    if (guest === undefined) return;
    this.#guests.delete(vm);
    if (this.#byName.get(guest.name) === guest) this.#byName.delete(guest.name);
    if (this.#byAddress.get(guest.address) === guest) this.#byAddress.delete(guest.address);
    this.#serial += 1;
  }

  findByName(name: string): Guest | undefined {
    return this.#byName.get(name);
  }

  findByAddress(address: string): Guest | undefined {
    return this.#byAddress.get(address);
  }

  /** Grows with every change, as a zone's serial number must. */
  get serial(): number {
    return this.#serial;
  }

  get size(): number {
    return this.#byName.size;
  }
}

/** A lease has a name while it is attached to the bridge. */
export function hasName(lease: Lease): lease is BridgeLease {
  return isBridgeLease(lease) && lease.state === 'attached';
}
