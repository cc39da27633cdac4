import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '#kit/exec.ts';
import { PortProtocol } from '#proto/banger/v1/vm.ts';
import { findTool } from './find-tool.ts';
import { freePort } from './free-port.ts';
import type { Scope, Skipped } from './row.ts';
import { sshOptions } from './ssh.ts';
import { openVmHouse, type VmHouse } from './vm-house.ts';
import { CLOUD_KERNEL, createdVm, createRequest, finish } from './vm-requests.ts';

/** A machine that both banger and ssh can reach. */
export type SshGuest = { house: VmHouse; vm: string; name: string; port: number; key: string };

const IMAGE = 'bench-ssh';
const RECIPE = `
name = "${IMAGE}"
base = "debian:bookworm"
packages = ["systemd-sysv", "openssh-server"]
[[files]]
path = "/etc/ssh/sshd_config.d/bench.conf"
mode = "0644"
content = "StrictModes no\\n"
`;

const TOOL_TIMEOUT_MS = 60_000;
const LOGIN_LIMIT_MS = 180_000;
const LOOK_MS = 200;

/** Debian with sshd, whose port vmd publishes on loopback. */
export async function startSshGuest(scope: Scope): Promise<SshGuest | Skipped> {
  for (const tool of ['ssh', 'scp', 'ssh-keygen']) {
    if (findTool(tool) === undefined) return { skipped: `\`${tool}\` is missing` };
  }
  const house = await scope.share(openVmHouse);
  await finish(house.images.buildImage({ recipe: { $case: 'recipeText', value: RECIPE } }));
  const key = join(scope.folder, 'key');
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key], limits());
  const port = await freePort();
  const content = readFileSync(`${key}.pub`);
  const request = createRequest(
    { image: IMAGE, kernel: CLOUD_KERNEL },
    {
      publish: [{ protocol: PortProtocol.TCP, hostPort: port, guestPort: 22 }],
      syncedFiles: [{ guestPath: '/root/.ssh/authorized_keys', content, mode: 0o600 }],
    },
  );
  const { id: vm, name } = await createdVm(house.vms.createVm(request));
  scope.cleanup.defer(() => finish(house.vms.deleteVm({ vm })));
  await awaitLogin(key, port);
  return { house, vm, name, port, key };
}

/** The guest's init is still at work when the machine is ready. */
async function awaitLogin(key: string, port: number): Promise<void> {
  const args = [...sshOptions(key), '-p', String(port), 'root@127.0.0.1', 'true'];
  const deadline = performance.now() + LOGIN_LIMIT_MS;
  for (;;) {
    try {
      await run('ssh', args, limits());
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await sleep(LOOK_MS);
  }
}

function limits() {
  return { signal: new AbortController().signal, timeoutMs: TOOL_TIMEOUT_MS };
}
