import { setImmediate } from 'node:timers/promises';
import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import type { HostCheck } from '#kit/host-check.ts';
import { macOf } from '#kit/ipv4.ts';
import type { VmId } from '#kit/names.ts';
import { isGuestAddress } from '../domain/address-pool.ts';
import type {
  HostNetwork,
  KernelBridge,
  KernelState,
  KernelTap,
  NetworkConfig,
} from '../domain/ports.ts';
import type { VmRules } from '../domain/rules.ts';

/** A kernel in memory behind a rootd as strict as the real one: what that refuses, this refuses. */
export class FakeHost implements HostNetwork {
  present = true;
  resolverRuns = false;
  resolverPort: number | undefined;
  readonly bridges = new Map<string, KernelBridge>();
  readonly taps = new Map<number, KernelTap>();
  readonly rules = new Map<VmId, VmRules>();
  /** Every privileged question, in order. */
  readonly asked: string[] = [];
  readonly #config: Pick<NetworkConfig, 'bridge' | 'pool'>;
  readonly #hooks = new Map<string, () => void>();

  constructor(config: Pick<NetworkConfig, 'bridge' | 'pool'>) {
    this.#config = config;
  }

  isPresent(): boolean {
    return this.present;
  }

  async read(call: Call): Promise<KernelState> {
    await this.#enter('read', call);
    return {
      bridges: [...this.bridges.values()],
      taps: [...this.taps.values()],
      rules: [...this.rules.values()],
    };
  }

  async ensureBridge(call: Call): Promise<void> {
    await this.#enter('ensureBridge', call);
    const { bridge, pool } = this.#config;
    const subnet = { address: pool.gateway, prefixLength: pool.subnet.prefixLength };
    this.bridges.set(bridge, { name: bridge, subnet });
  }

  async clearBridge(call: Call): Promise<void> {
    await this.#enter('clearBridge', call);
    this.bridges.delete(this.#config.bridge);
    this.rules.clear();
    for (const { index } of this.taps.values()) this.setTap(index, { sound: false });
  }

  async createTaps(call: Call, indexes: readonly number[]): Promise<number[]> {
    await this.#enter('createTaps', call);
    this.#requireBridge();
    for (const index of indexes) {
      if (!Number.isInteger(index) || index < 0) throw refused(`tap ${index}`);
      this.setTap(index, { sound: true });
    }
    return [...indexes];
  }

  async deleteTaps(call: Call, indexes: readonly number[]): Promise<void> {
    await this.#enter('deleteTaps', call);
    for (const index of indexes) {
      if (this.taps.get(index)?.inUse) throw refused(`tap ${index} is held by a running vm`);
      const owner = [...this.rules.values()].find(({ tapIndex }) => tapIndex === index);
      if (owner !== undefined) throw new Error(`tap ${index} was taken from vm ${owner.vm}`);
    }
    for (const index of indexes) this.taps.delete(index);
  }

  async applyRules(call: Call, rules: VmRules): Promise<void> {
    await this.#enter('applyRules', call);
    this.#requireBridge();
    if (!this.taps.get(rules.tapIndex)?.sound) {
      throw new BangerError('HOST_NOT_READY', `there is no tap ${rules.tapIndex}`);
    }
    if (!isGuestAddress(this.#config.pool, rules.address)) throw refused(rules.address);
    if (rules.mac !== macOf(rules.address)) throw refused(rules.mac);
    const others = [...this.rules.values()].filter(({ vm }) => vm !== rules.vm);
    const taken = others.find(
      ({ tapIndex, address }) => tapIndex === rules.tapIndex || address === rules.address,
    );
    if (taken !== undefined) throw refused(`vm ${taken.vm} has tap or address of vm ${rules.vm}`);
    this.rules.set(rules.vm, rules);
  }

  async clearRules(call: Call, vm: VmId): Promise<void> {
    await this.#enter('clearRules', call);
    this.rules.delete(vm);
  }

  async routeResolver(call: Call, dnsPort: number): Promise<boolean> {
    await this.#enter('routeResolver', call);
    this.#requireBridge();
    if (this.resolverRuns) this.resolverPort = dnsPort;
    return this.resolverRuns;
  }

  async unrouteResolver(call: Call): Promise<void> {
    await this.#enter('unrouteResolver', call);
    this.resolverPort = undefined;
  }

  async checkHost(call: Call): Promise<HostCheck[]> {
    await this.#enter('checkHost', call);
    return [];
  }

  /** Another program's doing, or a VMM's. */
  setTap(index: number, change: Partial<KernelTap>): void {
    const tap = this.taps.get(index) ?? { index, sound: true, inUse: false };
    this.taps.set(index, { ...tap, ...change });
  }

  /** Runs once, when the next call of that name has come in and nothing is done yet. */
  onNext(name: string, hook: () => void): void {
    this.#hooks.set(name, hook);
  }

  /** Every call lets others run in between, as one over a socket does. */
  async #enter(name: string, call: Call): Promise<void> {
    this.asked.push(name);
    if (!this.present) throw new BangerError('SERVICE_UNAVAILABLE', 'rootd cannot be reached');
    await setImmediate();
    this.#hooks.get(name)?.();
    this.#hooks.delete(name);
    call.signal.throwIfAborted();
  }

  #requireBridge(): void {
    if (this.bridges.has(this.#config.bridge)) return;
    throw new BangerError('HOST_NOT_READY', `there is no bridge "${this.#config.bridge}"`);
  }
}

function refused(what: string): BangerError {
  return new BangerError('OPERATION_REFUSED', `${what}: refused`);
}
