import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { hasReason } from '#kit/errors.ts';
import { run } from '#kit/exec.ts';
import { INSTALLED, SERVICES, type ServiceName, socketPath } from '#kit/paths.ts';
import { nodeFlags } from '#kit/service-arguments.ts';
import { temporaryFolder } from '#kit/testing/temporary-folder.ts';

const UNITS = join(import.meta.dirname, 'systemd');
const HOST = { signal: new AbortController().signal, timeoutMs: 60_000 };

function settingsOf(unit: string): Map<string, string> {
  const lines = readFileSync(join(UNITS, unit), 'utf8').split('\n');
  return new Map(lines.flatMap((line) => [...line.matchAll(/^(\w+)=(.*)$/g)]).map(pairOf));
}

const pairOf = ([, key = '', value = '']: RegExpExecArray): [string, string] => [key, value];

test('every service is started with the flags that local mode gives it', () => {
  for (const service of SERVICES) {
    const flags = nodeFlags(service).join(' ');
    assert.equal(
      settingsOf(`banger-${service}.service`).get('ExecStart'),
      `/usr/lib/banger/bin/node ${flags} /usr/lib/banger/dist/${service}.mjs`,
    );
  }
});

test('every socket lies where clients look, and opens to one group', () => {
  const groups: Record<ServiceName, string> = {
    vmd: 'banger',
    imaged: 'banger',
    netd: 'banger',
    rootd: 'banger-root',
  };
  for (const service of SERVICES) {
    const unit = settingsOf(`banger-${service}.socket`);
    assert.equal(unit.get('ListenStream'), socketPath(INSTALLED, service));
    assert.equal(unit.get('SocketGroup'), groups[service]);
    assert.equal(unit.get('SocketMode'), '0660');
  }
});

test('no service but rootd runs as root, and a stop spares the machines', () => {
  for (const service of SERVICES) {
    const unit = settingsOf(`banger-${service}.service`);
    assert.equal(unit.get('User'), service === 'rootd' ? 'root' : `banger-${service}`);
    assert.equal(unit.get('KillMode'), 'process');
    assert.equal(unit.get('SendSIGKILL'), 'no');
  }
});

test('systemd understands every unit of an installation', async (t) => {
  const root = temporaryFolder(t);
  await run(process.execPath, [join(import.meta.dirname, 'install.ts'), root], HOST);
  const units = readdirSync(UNITS).filter((name) => /\.(service|socket|target)$/.test(name));
  const analyze = ['--root', root, '--recursive-errors=no', 'verify', ...units];
  try {
    await run('systemd-analyze', analyze, HOST);
  } catch (error) {
    if (hasReason(error, 'COMMAND_FAILED') && /could not be started/.test(error.message)) {
      return t.skip('needs systemd-analyze of the package systemd');
    }
    throw error;
  }
});
