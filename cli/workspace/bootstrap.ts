import type { Vm } from '#proto/banger/v1/vm.ts';
import type { Context } from '../context.ts';
import { runGuestCommand } from './guest-command.ts';
import type { WorkspacePlan } from './plan.ts';

const TOOL_FILES = ['.mise.toml', 'mise.toml', '.tool-versions'];
const LOG = '/root/.cache/banger/bootstrap.log';

/** The file in which a repository names its tools, for mise (https://mise.jdx.dev/configuration.html). */
export function findToolFile({ files }: WorkspacePlan): string | undefined {
  const names = new Set(files.map(({ path }) => path.toString()));
  return TOOL_FILES.find((name) => names.has(name));
}

/**
 * Installs what the repository names: mise itself where the image has none, then its tools. They come on the PATH of
 * login shells. What the guest runs here is the guest's business; nothing of it comes back but words.
 */
const SCRIPT = `set -eu
PATH=/root/.local/bin:$PATH
mkdir -p "\${1%/*}" /etc/profile.d
exec 3>&1 >"$1" 2>&1
if ! command -v mise; then
  if command -v curl; then curl -fsSL https://mise.run | sh
  elif command -v wget; then wget -qO- https://mise.run | sh
  else echo 'neither mise nor curl nor wget is in this image'; exit 1
  fi
fi
mise trust --quiet --all
mise install --yes
echo 'export PATH="/root/.local/share/mise/shims:/root/.local/bin:$PATH"' >/etc/profile.d/banger-mise.sh
echo done >&3
`;

export type BootstrapOptions = {
  folder: string;
  /** Whether the shell is not to wait for it. */
  background: boolean;
};

export async function bootstrapTools(
  context: Context,
  vm: Vm,
  { folder, background }: BootstrapOptions,
): Promise<void> {
  const { out } = context;
  const script = ['sh', '-c', SCRIPT, 'sh', LOG];
  // The shell that starts it ends at once, and what it left behind goes on.
  const detached = ['sh', '-c', '"$@" </dev/null >/dev/null 2>&1 &', 'sh', ...script];
  const status = await runGuestCommand(context, {
    vm: vm.id,
    arguments: background ? detached : script,
    workingDir: folder,
  });
  if (status !== 0) {
    out.note(
      `the repository's tools were not installed; see: banger vm exec ${vm.name} -- cat ${LOG}`,
    );
  } else if (background) {
    out.note(`the repository's tools are being installed; watch with: tail -f ${LOG}`);
  }
}
