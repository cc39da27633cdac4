import type { Call } from '#kit/call.ts';
import { type CallOptions, createClient } from '#kit/client.ts';
import type { Connection } from '#kit/connection.ts';
import { BangerError, hasReason } from '#kit/errors.ts';
import { RootServiceDefinition, type Vmm, VmmSignal } from '#proto/banger/v1/root.ts';
import { Accelerator } from '#proto/banger/v1/types.ts';
import type { MachineNetwork, MachineSignal } from '../domain/driver.ts';
import type { Jail } from '../domain/jail.ts';
import type { ProcessIdentity } from '../domain/vm.ts';

/** Whoever asks what can be had wants to know now, not when rootd has come. */
const ANSWER_MS = 1000;

const SIGNALS: Readonly<Record<MachineSignal, VmmSignal>> = {
  KILL: VmmSignal.KILL,
  TERM: VmmSignal.TERM,
  INT: VmmSignal.INT,
  QUIT: VmmSignal.QUIT,
  ABRT: VmmSignal.ABRT,
};

const ACCELERATORS = { kvm: Accelerator.KVM, tcg: Accelerator.TCG } as const;

export function createJail(rootd: Connection): Jail {
  const client = createClient(RootServiceDefinition, rootd);
  return {
    async answers(call) {
      try {
        await client.listVmms({}, { ...options(call), timeoutMs: ANSWER_MS });
        return true;
      } catch (error) {
        call.signal.throwIfAborted();
        call.log.info('rootd does not answer', { error });
        return false;
      }
    },
    async launch(call, machine, tscKhz) {
      const { vmId, imageId, kernel, vcpus, memoryMib, accelerator, network } = machine;
      const { vmm } = await client.launchVmm(
        {
          ...{ vmId, imageId, kernelId: kernel.id, vcpus, memoryMib, tscKhz },
          accelerator: ACCELERATORS[accelerator],
          ...toTap(network),
        },
        options(call),
      );
      if (vmm === undefined) throw new BangerError('INTERNAL', 'rootd answered without a vmm');
      return toIdentity(vmm);
    },
    async find(call, vmId) {
      const { vmm } = await client.describeVmm({ vmId }, options(call));
      return vmm === undefined ? undefined : toIdentity(vmm);
    },
    async signal(call, vmId, signal) {
      try {
        await client.signalVmm({ vmId, signal: SIGNALS[signal] }, options(call));
      } catch (error) {
        if (!hasReason(error, 'VM_NOT_RUNNING')) throw error;
      }
    },
    reap: async (call, vmId) => void (await client.reapVmm({ vmId }, options(call))),
  };
}

function options({ signal, opId }: Call): CallOptions {
  return { signal, opId };
}

function toIdentity({ pid, startTicks }: Vmm): ProcessIdentity {
  return { pid, startTicks };
}

function toTap(network: MachineNetwork): { tapIndex?: number; mac: string } {
  if (network.mode === 'bridge') return { tapIndex: network.tapIndex, mac: network.mac };
  return { mac: '' };
}
