import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Client, createClient } from '#kit/client.ts';
import type { ServiceName } from '#kit/paths.ts';
import { ImageServiceDefinition } from '#proto/banger/v1/image.ts';
import { KernelServiceDefinition } from '#proto/banger/v1/kernel.ts';
import { NetworkServiceDefinition } from '#proto/banger/v1/network.ts';
import { OperationServiceDefinition } from '#proto/banger/v1/operation.ts';
import { NetworkMode } from '#proto/banger/v1/types.ts';
import { type CreateVmRequest, type Vm, VmServiceDefinition } from '#proto/banger/v1/vm.ts';
import { type House, type HouseOptions, openHouse, type StartOptions } from './harness.ts';
import { processesThatKnow } from './leftovers.ts';
import { given, resultOf } from './long-verb.ts';
import { stock } from './pantry.ts';
import type { ServiceProcess } from './service-process.ts';
import { signalProcess } from './signal-process.ts';

/** The services that a VM without a bridge needs. */
export const VM_SERVICES = ['imaged', 'netd', 'vmd'] as const satisfies readonly ServiceName[];
type VmService = (typeof VM_SERVICES)[number];

/** A house with a kernel and a small image, in which real VMs run. */
export type VmHouse = {
  readonly house: House;
  readonly vms: Client<typeof VmServiceDefinition>;
  readonly images: Client<typeof ImageServiceDefinition>;
  readonly kernels: Client<typeof KernelServiceDefinition>;
  readonly network: Client<typeof NetworkServiceDefinition>;
  readonly operations: Client<typeof OperationServiceDefinition>;
  /** The services as they were started last. */
  readonly running: ReadonlyMap<VmService, ServiceProcess>;
  /** Starts a service, again after it has ended. */
  start(name: VmService, options?: StartOptions): Promise<ServiceProcess>;
  /** Makes a small busybox guest, with what the caller wants to be different. */
  create(request: Partial<CreateVmRequest>): Promise<Vm>;
  get(vm: string): Promise<Vm>;
  /** VMMs that know the house's folder. */
  vmms(): { pid: number; command: string }[];
};

/** A machine that runs other tests too may be slow; no story here is about how slow. */
const PATIENT = '[vmd]\nboot_timeout = "3m"\n';

export async function openVmHouse(
  t: TestContext,
  options: HouseOptions = { config: PATIENT },
): Promise<VmHouse> {
  // Before the house closes: it expects that nothing but its services runs.
  t.after(() => endVms(opened));
  const opened = connectAll(openHouse(t, options));
  for (const name of VM_SERVICES) await opened.start(name);
  const cacheFolder = join(opened.house.paths.cache, 'imaged');
  await stock({ kernels: opened.kernels, images: opened.images, cacheFolder });
  return opened;
}

function connectAll(house: House): VmHouse {
  const running = new Map<VmService, ServiceProcess>();
  const [vmd, imaged, netd] = [
    house.connect('vmd'),
    house.connect('imaged'),
    house.connect('netd'),
  ];
  const vms = createClient(VmServiceDefinition, vmd);
  return {
    house,
    vms,
    images: createClient(ImageServiceDefinition, imaged),
    kernels: createClient(KernelServiceDefinition, imaged),
    network: createClient(NetworkServiceDefinition, netd),
    operations: createClient(OperationServiceDefinition, vmd),
    running,
    async start(name, start) {
      const service = await house.start(name, start);
      running.set(name, service);
      return service;
    },
    create: (request) => resultOf(vms.createVm(smallVm(request))),
    get: async (vm) => given((await vms.getVm({ vm })).vm),
    vmms: () => processesThatKnow(house.folder).filter(({ command }) => isVmm(command)),
  };
}

/** What is quick to make and leaves room for others. */
export function smallVm(request: Partial<CreateVmRequest>): Partial<CreateVmRequest> {
  const settings = { vcpus: 1, memoryMib: 128, network: NetworkMode.NONE, labels: {} };
  return { image: 'busybox', ...request, settings: { ...settings, ...request.settings } };
}

function isVmm(command: string): boolean {
  return command.includes('qemu-system');
}

/** Ends whatever a test that failed may have left, also where vmd is gone; the house looks for what is left then. */
async function endVms({ vms, vmms }: VmHouse): Promise<void> {
  const listed = await vms.listVms({}).catch(() => ({ vms: [] }));
  await Promise.allSettled(listed.vms.map(({ id }) => resultOf(vms.deleteVm({ vm: id }))));
  for (const { pid } of vmms()) signalProcess(pid, 'SIGKILL');
}
