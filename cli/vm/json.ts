import type { Vm } from '#proto/banger/v1/vm.ts';
import { lowerName } from '../output/enum.ts';

/** A VM as --json prints it: the contract's fields, with its enumerations in plain words. */
export function vmToJson(vm: Vm): unknown {
  return {
    ...vm,
    state: lowerName(vm.state, 'VM_STATE_'),
    accelerator: lowerName(vm.accelerator, 'ACCELERATOR_'),
    ...(vm.spec === undefined
      ? {}
      : { spec: { ...vm.spec, network: lowerName(vm.spec.network, 'NETWORK_MODE_') } }),
    publishedPorts: vm.publishedPorts.map((port) => ({
      ...port,
      protocol: lowerName(port.protocol, 'PORT_PROTOCOL_'),
    })),
  };
}
