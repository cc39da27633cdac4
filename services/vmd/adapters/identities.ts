import { createHash } from 'node:crypto';
import { copyFile, open } from 'node:fs/promises';
import { join } from 'node:path';
import { type GuestConfig, type IdentityFile, writeIdentityArchive } from '#guest/identity.ts';
import { GUEST_PORT } from '#kit/qemu-arguments.ts';
import type { Identities, Identity } from '../domain/ports.ts';
import type { Vm } from '../domain/vm.ts';

const INITRD = 'initrd';

/** The kernel reads archives one after the other, each from a multiple of this many bytes. */
const ALIGNMENT = 4;

/** Appends a VM's identity to the kernel's initrd; at every boot anew, because names and addresses change. */
export function createIdentities(): Identities {
  return {
    async write(_call, folder, kernelInitrd, identity) {
      const path = join(folder, INITRD);
      await copyFile(kernelInitrd, path);
      await using file = await open(path, 'a');
      const { size } = await file.stat();
      await file.write(Buffer.alloc((ALIGNMENT - (size % ALIGNMENT)) % ALIGNMENT));
      await file.write(writeIdentityArchive(toConfig(identity), toFiles(identity.vm)));
      return path;
    },
  };
}

function toConfig({ vm, lease, image, kernel }: Identity): GuestConfig {
  return {
    hostname: vm.name,
    machineId: machineIdOf(vm),
    init: image.init === '' ? 'none' : (image.init as `/${string}`),
    disks: {
      root: 'serial:root',
      work: 'serial:work',
      ...(kernel.modules === '' ? {} : { modules: 'serial:modules' }),
    },
    channel: `virtio-serial:${GUEST_PORT}`,
    ...(lease === undefined || lease.mode === 'none' ? {} : networkOf(lease)),
  };
}

function networkOf(
  lease: NonNullable<Identity['lease']>,
): Pick<GuestConfig, 'network' | 'nameservers'> {
  const { address, prefixLength, gateway, resolver, mac } = lease;
  return {
    network: { mac, address: `${address}/${prefixLength}`, gateway },
    nameservers: resolver === '' ? [] : [resolver],
  };
}

/** Stable for a VM's life and its own: 32 hexadecimal digits, as machine-id(5) has them. */
function machineIdOf({ id }: Vm): string {
  return createHash('sha256').update(`machine-id ${id}`).digest('hex').slice(0, 32);
}

function toFiles({ gitIdentity, syncedFiles = [] }: Vm): IdentityFile[] {
  const synced = syncedFiles.map(({ guestPath, content, mode }) => ({
    path: guestPath,
    mode,
    content: Buffer.from(content),
  }));
  return [...(gitIdentity === undefined ? [] : [gitConfig(gitIdentity)]), ...synced];
}

function gitConfig(gitIdentity: NonNullable<Vm['gitIdentity']>): IdentityFile {
  const { name, email } = gitIdentity;
  const content = Buffer.from(`[user]\n\tname = ${quoted(name)}\n\temail = ${quoted(email)}\n`);
  return { path: '/etc/gitconfig', mode: 0o644, content };
}

/** git-config(1): inside of double quotes only these two characters are special. */
function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&').replaceAll(/\p{Cc}/gu, ' ')}"`;
}
