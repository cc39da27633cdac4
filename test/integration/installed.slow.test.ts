import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { programRoot } from '#kit/program.ts';
import { needsMountNamespace } from './needs.ts';
import { openRootUser, type RootUser } from './root-user.ts';

/** Several Nodes start at once on an emulated processor. */
const START_LIMIT_S = 120;

const START = `
  systemd-sysusers
  systemctl daemon-reload
  systemctl enable --now banger.target
  useradd --create-home --groups banger ann
  useradd --create-home bob`;

const UNTIL_HEALTHY = `
  for attempt in $(seq ${START_LIMIT_S}); do
    if banger daemon status --json > /tmp/status; then cat /tmp/status; exit 0; fi
    sleep 1
  done
  cat /tmp/status; journalctl --no-pager --lines 50 --unit 'banger-*'; exit 1`;

test('systemd runs an installed banger, for members of its group only', {
  skip: needsMountNamespace,
}, async (t) => {
  const root = await openRootUser(t, { sharesNetwork: true });
  try {
    await useInstalled(t, root);
  } finally {
    await root.banger('vm', 'delete', 'host');
  }
});

async function useInstalled(t: TestContext, root: RootUser): Promise<void> {
  const inGuest = await openDebian(root);
  await install(t, root);
  await inGuest(START);
  const services = JSON.parse(await inGuest(UNTIL_HEALTHY)) as { service: string; mode: string }[];
  assert.deepEqual(
    services.map(({ service, mode }) => [service, mode]),
    ['vmd', 'imaged', 'netd', 'rootd'].map((name) => [name, 'installed']),
  );
  assert.equal(
    await inGuest('ps -o user:20= -p $(systemctl show -P MainPID banger-vmd)'),
    'banger-vmd\n',
  );

  assert.equal(await inGuest('su ann -c "banger vm list --json"'), '[]\n');
  assert.match(await inGuest('su bob -c "banger vm list" 2>&1 || true'), /join the group "banger"/);

  // The socket is systemd's, so a command waits for the next vmd instead of failing.
  assert.equal(await inGuest('systemctl kill -s KILL banger-vmd; banger vm list --json'), '[]\n');
}

type InGuest = (script: string) => Promise<string>;

async function openDebian({ banger }: RootUser): Promise<InGuest> {
  const settings = ['--name', 'host', '--image', 'debian-bookworm', '--memory', '2G'];
  const { code, stderr } = await banger('vm', 'create', ...settings, '--vcpu', '2');
  assert.equal(code, 0, stderr);
  return async (script) => {
    const ended = await banger('vm', 'exec', 'host', '--', 'bash', '-euc', script);
    assert.equal(ended.code, 0, `${script}: ${ended.stdout}${ended.stderr}`);
    return ended.stdout;
  };
}

async function install(t: TestContext, root: RootUser): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'banger-install-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const program = programRoot();
  // Below it: tar gives the guest's own root the mode of the folder that it packs.
  const installed = join(folder, 'root');
  await root.run(process.execPath, join(program, 'deploy/install.ts'), installed);
  const unpack = `"$1/banger" vm exec host -- tar --extract --no-same-owner --directory /`;
  await root.run('sh', '-euc', `tar --create --directory "$0" . | ${unpack}`, installed, program);
}
