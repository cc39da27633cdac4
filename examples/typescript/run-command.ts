// Makes a virtual machine, runs a command in it with its output as it comes, and deletes it.
//
//     node examples/typescript/run-command.ts SOCKET IMAGE COMMAND...
//
// The exit status is the command's. The client is the one in proto/gen; buf.gen.yaml says how it was generated.
import { type Channel, type Client, createChannel, createClient } from 'nice-grpc';
import {
  type Vm,
  type VmServiceDefinition as VmService,
  VmServiceDefinition,
} from '#proto/banger/v1/vm.ts';

type Vms = Client<typeof VmService>;

/** Every long verb streams its stages and ends with its result. */
async function create(vms: Vms, image: string): Promise<Vm> {
  const request = { image, settings: { vcpus: 1, memoryMib: 256 } };
  for await (const { part } of vms.createVm(request)) {
    if (part?.$case === 'vm') return part.value;
    if (part?.$case === 'stage') console.error(`${part.value.name}: ${part.value.detail}`);
  }
  throw new Error('vmd ended without a vm');
}

/** Requests are a stream too: the start, then input as it comes. This command gets none. */
async function execute(vms: Vms, vm: string, command: readonly string[]): Promise<number> {
  async function* requests() {
    yield { part: { $case: 'start' as const, value: { vm, arguments: [...command] } } };
    yield { part: { $case: 'stdinEnd' as const, value: true } };
  }
  for await (const { part } of vms.execVm(requests())) {
    if (part?.$case === 'stdout') process.stdout.write(part.value);
    else if (part?.$case === 'stderr') process.stderr.write(part.value);
    else if (part?.$case === 'exit') {
      const { outcome } = part.value;
      return outcome?.$case === 'status' ? outcome.value : 128 + (outcome?.value ?? 0);
    }
  }
  throw new Error('the guest went away before the command ended');
}

async function deleteVm(vms: Vms, vm: string): Promise<void> {
  for await (const _ of vms.deleteVm({ vm }));
}

async function main([socket = '', image = '', ...command]: readonly string[]): Promise<number> {
  // Three slashes: with one, nice-grpc takes the path for a host and adds a port.
  const channel: Channel = createChannel(`unix://${socket}`);
  const vms: Vms = createClient(VmServiceDefinition, channel);
  try {
    const vm = await create(vms, image);
    try {
      return await execute(vms, vm.id, command);
    } finally {
      await deleteVm(vms, vm.id);
    }
  } finally {
    channel.close();
  }
}

process.exitCode = await main(process.argv.slice(2));
