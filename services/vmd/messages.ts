import { Vm as VmMessage, VmState as VmStateMessage } from '#proto/banger/v1/vm.ts';
import type { Vm, VmState } from './domain/vm.ts';

const STATES: Readonly<Record<VmState, VmStateMessage>> = {
  creating: VmStateMessage.CREATING,
  starting: VmStateMessage.STARTING,
  running: VmStateMessage.RUNNING,
  paused: VmStateMessage.PAUSED,
  stopping: VmStateMessage.STOPPING,
  stopped: VmStateMessage.STOPPED,
  error: VmStateMessage.ERROR,
  deleting: VmStateMessage.DELETING,
};

export function toVmMessage(vm: Vm): VmMessage {
  return VmMessage.fromPartial({
    id: vm.id,
    name: vm.name,
    state: STATES[vm.state],
    createdAt: vm.createdAt,
  });
}
