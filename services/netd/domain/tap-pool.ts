import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import type { VmId } from '#kit/names.ts';
import { tapName } from './lease.ts';
import type { HostNetwork, KernelTap, OwnCall } from './ports.ts';

export type TapPoolParts = {
  host: Pick<HostNetwork, 'createTaps' | 'deleteTaps'>;
  ownCall: OwnCall;
  /** How many taps are kept ready. */
  target: number;
};

/** Taps of one call: enough that the cost of a call is shared, few enough that the first are soon ready. */
const BATCH = 16;

/**
 * Which tap indexes are in use and for what. All bookkeeping is done without waiting, so no two callers can be
 * given one index; the devices are made behind it, in the background where possible. An index that is in none
 * of the four collections is free.
 */
export class TapPool {
  readonly #parts: TapPoolParts;
  /** Devices that exist and belong to nobody, the longest unused first. */
  readonly #ready = new Set<number>();
  readonly #leased = new Map<number, { vm: VmId; exists: boolean }>();
  /** Indexes whose device is being made or removed. */
  readonly #busy = new Set<number>();
  /** Devices that a process holds although nobody leased them; nothing can be done with those. */
  #held = new Set<number>();
  #tending: Promise<void> | undefined;
  #warm = false;
  #version = 0;

  constructor(parts: TapPoolParts) {
    this.#parts = parts;
  }

  get ready(): number {
    return this.#ready.size;
  }

  get used(): number {
    return this.#leased.size;
  }

  /** Changes with the bookkeeping; what was read from the kernel before a change says nothing about what is after. */
  get version(): number {
    return this.#version;
  }

  /** A table look-up. Prefers a device that is ready; otherwise `ensure` makes one when it is needed. */
  take(vm: VmId): number {
    const [ready] = this.#ready;
    const index = ready ?? this.#freeIndex();
    this.#ready.delete(index);
    this.#lease(index, vm, ready !== undefined);
    this.tend();
    return index;
  }

  /** Notes what a record says. */
  hold(index: number, vm: VmId): void {
    if (this.#leased.get(index)?.vm !== vm) this.#lease(index, vm, false);
  }

  giveBack(index: number): void {
    const known = this.#leased.get(index);
    this.#leased.delete(index);
    if (known?.exists) this.#ready.add(index);
    this.#version += 1;
    this.tend();
  }

  /** Makes sure that a leased tap has its device. */
  async ensure(call: Call, index: number): Promise<void> {
    if (this.#leased.get(index)?.exists) return;
    const made = await this.#parts.host.createTaps(call, [index]);
    if (!made.includes(index)) {
      throw new BangerError('HOST_NOT_READY', `tap "${tapName(index)}" could not be made`);
    }
    const known = this.#leased.get(index);
    if (known !== undefined) known.exists = true;
    this.#version += 1;
  }

  /** Every lease that the pool knows of, by tap index. */
  leased(): ReadonlyMap<number, VmId> {
    return new Map([...this.#leased].map(([index, { vm }]) => [index, vm]));
  }

  /** Whether an index has a use that explains a device with it. */
  knows(index: number): boolean {
    return this.#ready.has(index) || this.#leased.has(index) || this.#busy.has(index);
  }

  /** Makes the table agree with the devices that the kernel has; those of no use are removed. */
  async settle(call: Call, taps: readonly KernelTap[]): Promise<void> {
    const sound = new Set(taps.filter((tap) => tap.sound).map((tap) => tap.index));
    const held = new Set(taps.filter((tap) => tap.inUse).map((tap) => tap.index));
    for (const index of this.#ready) {
      if (!sound.has(index) || held.has(index)) this.#ready.delete(index);
    }
    for (const [index, leased] of this.#leased) leased.exists = sound.has(index);
    const strays = taps.filter(({ index }) => !this.knows(index));
    const idle = strays.filter(({ inUse }) => !inUse);
    this.#held = new Set(strays.filter(({ inUse }) => inUse).map(({ index }) => index));
    for (const tap of idle) if (tap.sound) this.#ready.add(tap.index);
    this.#version += 1;
    await this.#remove(
      call,
      idle.filter(({ sound }) => !sound).map(({ index }) => index),
    );
  }

  /** From now on ready taps are kept in stock. */
  startWarming(): void {
    this.#warm = true;
    this.tend();
  }

  /** Makes or removes devices in the background until the stock is right; never in anybody's way. */
  tend(): void {
    if (!this.#warm || this.#tending !== undefined || !this.#isOutOfBounds()) return;
    const call = this.#parts.ownCall('tend taps');
    this.#tending = this.#balance(call)
      .catch((error: unknown) => call.log.warn('tap pool left as it is', { error }))
      .finally(() => {
        this.#tending = undefined;
      });
  }

  /** Removes every device but those that are needed, when the service ends. */
  async drain(call: Call, keep: ReadonlySet<number>): Promise<void> {
    this.#warm = false;
    await this.#tending;
    const leased = [...this.#leased].filter(([, { exists }]) => exists).map(([index]) => index);
    const idle = [...this.#ready, ...leased].filter((index) => !keep.has(index));
    for (const index of idle) this.#forget(index);
    await this.#remove(call, idle);
  }

  /** The first failed batch ends it: what one batch could not do, the next cannot either. */
  async #balance(call: Call): Promise<void> {
    const { target } = this.#parts;
    while (this.#warm && this.ready < target) {
      await this.#make(call, Math.min(BATCH, target - this.ready));
    }
    while (this.#warm && this.ready > target) {
      const surplus = [...this.#ready].slice(0, Math.min(BATCH, this.ready - target));
      for (const index of surplus) this.#ready.delete(index);
      await this.#remove(call, surplus);
    }
  }

  /** Between half and twice the target nothing is done, so that a VM that comes and goes moves no device. */
  #isOutOfBounds(): boolean {
    const { target } = this.#parts;
    return this.ready < target / 2 || this.ready > target * 2;
  }

  async #make(call: Call, count: number): Promise<void> {
    const batch = Array.from({ length: count }, () => {
      const index = this.#freeIndex();
      this.#busy.add(index);
      return index;
    });
    try {
      const made = await this.#parts.host.createTaps(call, batch);
      if (made.length === 0) throw new Error(`none of ${count} taps was made`);
      for (const index of made) this.#ready.add(index);
    } finally {
      this.#release(batch);
    }
  }

  async #remove(call: Call, indexes: readonly number[]): Promise<void> {
    if (indexes.length === 0) return;
    for (const index of indexes) this.#busy.add(index);
    try {
      await this.#parts.host.deleteTaps(call, indexes);
    } finally {
      this.#release(indexes);
    }
  }

  #release(indexes: readonly number[]): void {
    for (const index of indexes) this.#busy.delete(index);
    this.#version += 1;
  }

  #forget(index: number): void {
    this.#ready.delete(index);
    const leased = this.#leased.get(index);
    if (leased !== undefined) leased.exists = false;
  }

  #lease(index: number, vm: VmId, exists: boolean): void {
    this.#leased.set(index, { vm, exists });
    this.#version += 1;
  }

  #freeIndex(): number {
    for (let index = 0; ; index++) {
      if (!this.knows(index) && !this.#held.has(index)) return index;
    }
  }
}
