import { type HostCheck, pass } from '#kit/host-check.ts';
import { formatSize } from '#kit/size.ts';
import type { Host } from './ports.ts';

/** Less than a small image needs, and less than is comfortable. */
const LEAST_BYTES = 2 ** 30;
const WANTED_BYTES = 8 * 2 ** 30;

type Tool = {
  readonly name: string;
  readonly package: string;
  readonly loss: string;
  /** Nothing works without it. */
  readonly needed?: true;
};

const TOOLS: readonly Tool[] = [
  {
    name: 'musl-gcc',
    package: 'musl-tools',
    loss: 'the guest program cannot be made, which every virtual machine boots with',
    needed: true,
  },
  {
    name: 'depmod',
    package: 'kmod',
    loss: "the distribution's kernel cannot be prepared, which virtual machines boot",
    needed: true,
  },
  { name: 'mmdebstrap', package: 'mmdebstrap', loss: 'images cannot be built from recipes' },
  { name: 'apt-get', package: 'apt', loss: 'recipes find no packages' },
  { name: 'newuidmap', package: 'uidmap', loss: 'recipes cannot be built without root' },
];

export async function checkHost(host: Host): Promise<HostCheck[]> {
  return [
    await checkSpace(host),
    ...(await Promise.all(TOOLS.map((tool) => checkTool(host, tool)))),
  ];
}

async function checkSpace(host: Host): Promise<HostCheck> {
  const freeBytes = await host.freeBytes();
  const detail = `${formatSize(freeBytes)} free for images`;
  if (freeBytes >= WANTED_BYTES) return pass('image space', detail);
  return {
    name: 'image space',
    status: freeBytes < LEAST_BYTES ? 'fail' : 'warn',
    detail,
    remedy: 'banger image cache prune',
    packages: [],
  };
}

async function checkTool(host: Host, tool: Tool): Promise<HostCheck> {
  if (await host.hasTool(tool.name)) return pass(tool.name, 'found');
  return {
    name: tool.name,
    status: tool.needed === true ? 'fail' : 'warn',
    detail: `not found, so ${tool.loss}`,
    remedy: `apt-get install ${tool.package}`,
    packages: [tool.package],
  };
}
