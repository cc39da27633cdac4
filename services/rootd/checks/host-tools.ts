import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type HostCheck, pass } from '#kit/host-check.ts';
import { TOOL_PATH } from '../host/tools.ts';
import { installedCompilers } from '../jail/build.ts';
import { checkQemu } from '../vmm/qemu-program.ts';

/** Links are changed by the program ip, packet rules by a library; see packet-filters.ts. */
export function checkNetworkTools(): HostCheck {
  if (isInstalled('ip')) return pass('network tools', 'ip is installed');
  return {
    name: 'network tools',
    status: 'fail',
    detail: 'missing: ip',
    remedy: 'apt-get install iproute2',
    packages: ['iproute2'],
  };
}

export function checkTunDevice(path = '/dev/net/tun'): HostCheck {
  const isThere = statSync(path, { throwIfNoEntry: false })?.isCharacterDevice() ?? false;
  if (isThere) return pass('tap devices', `${path} is there`);
  return {
    name: 'tap devices',
    status: 'fail',
    detail: `there is no ${path}, so guests cannot be attached to a bridge`,
    remedy: 'modprobe tun',
    packages: [],
  };
}

export function checkJailedVmm(qemu: string): HostCheck {
  try {
    checkQemu(qemu);
    return pass('jailed vmm', `${qemu} is root's and nobody else can write it`);
  } catch (error) {
    return {
      name: 'jailed vmm',
      status: 'fail',
      detail: error instanceof Error ? error.message : String(error),
      remedy: existsSync(qemu) ? '' : 'apt-get install qemu-system-x86',
      packages: existsSync(qemu) ? [] : ['qemu-system-x86'],
    };
  }
}

export async function checkJailProgram(build: () => Promise<string>): Promise<HostCheck> {
  try {
    return pass('jail program', await build());
  } catch (error) {
    const hasCompiler = installedCompilers().length > 0;
    return {
      name: 'jail program',
      status: 'fail',
      detail: error instanceof Error ? error.message : String(error),
      remedy: hasCompiler ? '' : 'apt-get install musl-tools',
      packages: hasCompiler ? [] : ['musl-tools'],
    };
  }
}

function isInstalled(tool: string): boolean {
  return TOOL_PATH.split(':').some((folder) => existsSync(join(folder, tool)));
}
