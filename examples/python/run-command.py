"""Makes a virtual machine, runs a command in it with its output as it comes, and deletes it.

    ./generate.sh GENERATED
    python3 run-command.py GENERATED SOCKET IMAGE COMMAND...

The exit status is the command's.
"""

import sys

import grpc

GENERATED, SOCKET, IMAGE, *COMMAND = sys.argv[1:]
sys.path.insert(0, GENERATED)

from banger.v1 import vm_pb2, vm_pb2_grpc  # noqa: E402

MINUTES = 60


def create(vms):
    """Every long verb streams its stages and ends with its result."""
    settings = vm_pb2.VmSettings(vcpus=1, memory_mib=256)
    request = vm_pb2.CreateVmRequest(image=IMAGE, settings=settings)
    vm = None
    for part in vms.CreateVm(request, timeout=10 * MINUTES):
        if part.WhichOneof("part") == "stage":
            print(f"{part.stage.name}: {part.stage.detail}", file=sys.stderr)
        else:
            vm = part.vm
    return vm


def execute(vms, vm):
    """Requests are a stream too: the start, then input as it comes. This command gets none."""
    requests = iter(
        [
            vm_pb2.ExecVmRequest(start=vm_pb2.ExecStart(vm=vm.id, arguments=COMMAND)),
            vm_pb2.ExecVmRequest(stdin_end=True),
        ]
    )
    streams = {"stdout": sys.stdout.buffer, "stderr": sys.stderr.buffer}
    for answer in vms.ExecVm(requests, timeout=10 * MINUTES):
        kind = answer.WhichOneof("part")
        if kind in streams:
            streams[kind].write(getattr(answer, kind))
            streams[kind].flush()
        elif kind == "exit":
            exit_ = answer.exit
            return exit_.status if exit_.WhichOneof("outcome") == "status" else 128 + exit_.signal
    raise RuntimeError("the guest went away before the command ended")


def delete(vms, vm):
    for _ in vms.DeleteVm(vm_pb2.DeleteVmRequest(vm=vm.id), timeout=1 * MINUTES):
        pass


def main():
    with grpc.insecure_channel(f"unix:{SOCKET}") as channel:
        vms = vm_pb2_grpc.VmServiceStub(channel)
        try:
            vm = create(vms)
            try:
                return execute(vms, vm)
            finally:
                delete(vms, vm)
        except grpc.RpcError as error:
            # The message is for people; docs/api.md says where the reason for programs is.
            print(f"run_command: {error.details()}", file=sys.stderr)
            return 125


sys.exit(main())
