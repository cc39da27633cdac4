import { randomUUID } from 'node:crypto';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SERVICES } from '#kit/paths.ts';
import { keepNamespaces } from '../integration/keep-namespaces.ts';
import { type LocalUser, openLocalUser } from '../integration/local-user.ts';
import { needsRoot } from '../integration/needs.ts';
import type { Ending } from '../integration/root-user.ts';
import { RUN } from './machine.ts';

/** Where scenarios play: one person with one set of services, on a host that seems to have a boot of its own. */
export type House = {
  readonly user: LocalUser;
  /** As if the power had been cut: processes and the runtime folder are gone, and it is another boot. As root only. */
  restartHost(): Promise<void>;
};

const BOOT_ID = '/proc/sys/kernel/random/boot_id';

/** No scenario is about how slow a machine that does other things is. */
const PATIENT = '[vmd]\nboot_timeout = "3m"\n';

export async function openHouse(): Promise<House & { close(): Promise<void> }> {
  await using opening = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'banger-smoke-'));
  opening.defer(async () => rmSync(folder, { recursive: true, force: true }));
  const bootId = join(folder, 'boot-id');
  copyFileSync(BOOT_ID, bootId);
  const enter = needsRoot ? [] : await enterOwnBoot(opening, bootId);
  const after: Ending['after'] = (end) => opening.defer(async () => void (await end()));
  const user = openLocalUser({ after }, { config: PATIENT, enter });
  opening.defer(() => deleteMachines(user));
  await warmUp(user);
  const opened = opening.move();
  return {
    user,
    async restartHost() {
      await killAll(user);
      await user.run('sh', '-euc', 'rm -rf "$XDG_RUNTIME_DIR"/*');
      // In place: the mount is of this very file.
      writeFileSync(bootId, `${randomUUID()}\n`);
    },
    close: () => opened.disposeAsync(),
  };
}

/** A place where the host's number of its boot is what a file says. */
async function enterOwnBoot(
  opening: AsyncDisposableStack,
  bootId: string,
): Promise<readonly string[]> {
  const namespaces = await keepNamespaces(['--mount'], `mount --bind "$1" ${BOOT_ID}`, bootId);
  opening.defer(() => namespaces.close());
  return namespaces.enter;
}

/** What is done once, for all machines; later it would be part of the time of whichever scenario comes first. */
async function warmUp(user: LocalUser): Promise<void> {
  for (const words of [
    ['image', 'pull', 'busybox'],
    ['kernel', 'pull'],
    [...RUN, '--rm', '--', 'true'],
  ]) {
    const { code, stderr } = await user.banger(...words);
    if (code !== 0) throw new Error(`banger ${words.join(' ')} failed: ${stderr}`);
  }
}

/** Machines outlive services, so those that a scenario lost are ended first, and told. */
async function deleteMachines(user: LocalUser): Promise<void> {
  const { stdout } = await user.banger('vm', 'list', '--format', 'name');
  const names = stdout.split('\n').filter((name) => name !== '');
  if (names.length === 0) return;
  const { stderr } = await user.banger('vm', 'delete', ...names);
  throw new Error(`machines were left behind: ${names.join(', ')} ${stderr}`);
}

async function killAll(user: LocalUser): Promise<void> {
  const { stdout } = await user.banger('vm', 'list', '--format', 'pid');
  const machines = stdout.split('\n').map(Number);
  const pids = [...SERVICES.flatMap((service) => user.pidsOf(service)), ...machines];
  for (const pid of pids.filter((number) => number > 0)) process.kill(pid, 'SIGKILL');
}
