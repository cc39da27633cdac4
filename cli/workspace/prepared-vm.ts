import type { Client } from '#kit/client.ts';
import { BangerError } from '#kit/errors.ts';
import type { Vm, VmServiceDefinition, Workspace } from '#proto/banger/v1/vm.ts';

/** A VM with a workspace, or the error that says how to make one. */
export async function getPreparedVm(
  vms: Client<typeof VmServiceDefinition>,
  reference: string,
  signal: AbortSignal,
): Promise<{ vm: Vm; workspace: Workspace }> {
  const { vm } = await vms.getVm({ vm: reference }, { signal });
  if (vm === undefined) throw new BangerError('INTERNAL', 'the service answered without a vm');
  if (vm.workspace !== undefined) return { vm, workspace: vm.workspace };
  throw new BangerError(
    'INVALID_FIELD',
    `vm "${vm.name}" has no workspace; make one with: banger vm workspace prepare ${vm.name}`,
    { metadata: { vm: vm.name } },
  );
}
