import { existsSync } from 'node:fs';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { until } from '#kit/testing/until.ts';
import { makeElfKernel } from './elf-kernel.ts';
import { runTool } from './run-tool.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

const RELEASE = '6.1.0-small';
export const SMALL_PACKAGE = `linux-image-${RELEASE}`;
const SOURCE_PACKAGE = 'linux-source-6.1';
/** What a full disk has no room for. */
export const KERNEL_BYTES = 6 * 2 ** 20;

const BUILT_IN =
  'virtio_mmio virtio_blk ext4 virtio_net virtio_console virtio_rng vmw_vsock_virtio_transport overlay';

/** An apt of one's own that has two small packages: a kernel, and a source that make builds in a moment. */
export type SmallPackages = {
  /** For imaged, instead of the host's apt and nothing else of the host. */
  readonly path: string;
  /** From now on "package", "configure" or "compile" does not come to an end by itself. */
  hold(step: Step): Promise<void>;
  /** Waits until a tool is held. */
  reached(step: Step): Promise<void>;
  letGo(step: Step): Promise<void>;
};

export type Step = 'package' | 'configure' | 'compile';

export async function makeSmallPackages(t: TestContext): Promise<SmallPackages> {
  const root = await makeTemporaryFolder(t);
  const [bin, archive] = [join(root, 'bin'), join(root, 'archive')];
  await mkdir(bin);
  await mkdir(archive);
  await buildPackage(root, SMALL_PACKAGE, writeKernel);
  await buildPackage(root, SOURCE_PACKAGE, (tree) => writeSource(tree, root));
  const aptGet = `${waitWhile(root, 'package')}\ncp ${archive}/"$2".deb ./"$2"_1.0_amd64.deb`;
  await writeProgram(join(bin, 'apt-get'), aptGet);
  await writeProgram(join(bin, 'apt-cache'), 'echo "Package: $3"');
  await writeProgram(join(bin, 'dpkg-query'), 'exit 1');
  return {
    path: `${bin}:/usr/sbin:/usr/bin:/sbin:/bin`,
    hold: (step) => writeFile(join(root, step), ''),
    reached: (step) => until(() => existsSync(join(root, `${step}.reached`))),
    letGo: (step) => rm(join(root, step)),
  };
}

/** As shell: what comes to this line stays in it. */
function waitWhile(root: string, step: Step): string {
  const held = join(root, step);
  return `if [ -e ${held} ]; then touch ${held}.reached; exec sleep 600; fi`;
}

async function buildPackage(
  root: string,
  name: string,
  fill: (tree: string) => Promise<void>,
): Promise<void> {
  const tree = join(root, name);
  await mkdir(join(tree, 'DEBIAN'), { recursive: true, mode: 0o755 });
  await chmod(tree, 0o755);
  const control = `Package: ${name}\nVersion: 1.0\nArchitecture: amd64\nMaintainer: nobody <n@example.org>\nDescription: small\n`;
  await writeFile(join(tree, 'DEBIAN/control'), control);
  await fill(tree);
  const target = join(root, 'archive', `${name}.deb`);
  await runTool('dpkg-deb', '--root-owner-group', '-b', tree, target);
}

async function writeKernel(tree: string): Promise<void> {
  const modules = join(tree, 'lib/modules', RELEASE);
  await mkdir(modules, { recursive: true });
  await mkdir(join(tree, 'boot'));
  await writeFile(
    join(tree, `boot/vmlinuz-${RELEASE}`),
    makeElfKernel({ release: RELEASE, size: KERNEL_BYTES }),
  );
  const builtIn = BUILT_IN.split(' ').map((name) => `kernel/${name}.ko\n`);
  await writeFile(join(modules, 'modules.builtin'), builtIn.join(''));
  await writeFile(join(modules, 'modules.order'), '');
}

/** A kernel by what imaged asks of one: it takes a configuration, is built by make, and names its version. */
async function writeSource(tree: string, root: string): Promise<void> {
  const source = join(tree, 'linux-source-6.1');
  await mkdir(source);
  const banner = `Linux version ${RELEASE} (banger@banger) (gcc)`;
  const code = `char banner[] __attribute__((used)) = "${banner}\\n";\nvoid _start(void) {}\n`;
  await writeFile(join(source, 'vmlinux.c'), code);
  const makefile = `allnoconfig:
\t${waitWhile(root, 'configure')}
\tgrep -v '=n$$' $(KCONFIG_ALLCONFIG) > .config
vmlinux:
\t@echo "  CC      vmlinux.o"
\t${waitWhile(root, 'compile')}
\tgcc -nostdlib -static -o vmlinux vmlinux.c
`;
  await writeFile(join(source, 'Makefile'), makefile);
  await mkdir(join(tree, 'usr/src'), { recursive: true });
  const packed = join(tree, 'usr/src/linux-source-6.1.tar.xz');
  await runTool('tar', '-C', tree, '-cJf', packed, 'linux-source-6.1');
  await rm(source, { recursive: true });
}

async function writeProgram(path: string, script: string): Promise<void> {
  await writeFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}
