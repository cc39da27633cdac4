import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { REASONS } from '#kit/errors.ts';
import { SERVICES } from '#kit/paths.ts';
import { programRoot, VERSION } from '#kit/program.ts';
import { COMMANDS } from '../cli/commands/index.ts';
import { checkCliPage } from './policy/cli-page.ts';
import { checkDomainClock } from './policy/domain-clock.ts';
import { checkErrorsPage } from './policy/errors-page.ts';
import { checkFileNames } from './policy/file-names.ts';
import { checkFileSizes } from './policy/file-sizes.ts';
import { compareTrees, generateCode } from './policy/generated-code.ts';
import { checkImports } from './policy/import-table.ts';
import { checkModuleState } from './policy/module-state.ts';
import { checkPackages } from './policy/packages.ts';
import { checkProcessAccess } from './policy/process-access.ts';
import { checkRegressionsPage } from './policy/regressions-page.ts';
import { checkRootOps } from './policy/root-ops.ts';
import { checkSpawning } from './policy/spawning.ts';
import { checkSwallowedErrors } from './policy/swallowed-errors.ts';
import { checkSystemdUnits } from './policy/systemd-units.ts';
import { readTree } from './policy/tree.ts';

// The rules of the house, held against the house. Each rule is a file of test/policy, with a test of its own
// that shows it failing.
const root = programRoot();
const house = readTree(root);

const RULES = {
  'every file imports only what the table allows to its layer': checkImports,
  'only kit/exec.ts starts processes': checkSpawning,
  'only entries touch the environment, the exit and the signals': checkProcessAccess,
  'no file is longer than its limit': checkFileSizes,
  'file names are in kebab-case and say what is inside': checkFileNames,
  'no error is swallowed by an empty catch': checkSwallowedErrors,
  'no module keeps state': checkModuleState,
  'the domain knows neither clock nor chance': checkDomainClock,
  'every root operation is in the contract and on the security page': checkRootOps,
};

for (const [title, check] of Object.entries(RULES)) {
  test(title, () => assert.deepEqual(check(house), []));
}

test('the page of errors has a row for every reason and no other', () => {
  assert.deepEqual(checkErrorsPage(house, REASONS), []);
});

test('the page of commands has a heading for every command and no other', () => {
  assert.deepEqual(checkCliPage(house, COMMANDS), []);
});

test('every fault of the first banger has a test, or a reason why it cannot be here', () => {
  assert.deepEqual(checkRegressionsPage(house), []);
});

test('every unit starts a program that exists, and every service has a unit', () => {
  assert.deepEqual(checkSystemdUnits(house, SERVICES), []);
});

test('package.json and its lock say one version, one gRPC and no registry', () => {
  assert.deepEqual(checkPackages(house, VERSION), []);
});

test('the generated code is what the contracts generate', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'banger-gen-'));
  t.after(() => rm(folder, { recursive: true }));
  const fresh = await generateCode(root, folder);
  const committed = readTree(join(root, 'proto/gen'), 'latin1');
  assert.deepEqual(compareTrees(committed, fresh), []);
});
