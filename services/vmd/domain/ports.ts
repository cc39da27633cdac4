import type { Vm } from './vm.ts';

/** Durable records, one per VM. */
export type VmStore = {
  /** Oldest first. */
  list(): Promise<Vm[]>;
};

/** All that the verbs of vmd work on. */
export type Vmd = { store: VmStore };
