import type { Scenario } from '../scenario.ts';
import { execScenarios } from './exec.ts';
import { faultScenarios } from './faults.ts';
import { fileScenarios } from './files.ts';
import { imageScenarios } from './image.ts';
import { lifeScenarios } from './life.ts';
import { lookScenarios } from './look.ts';
import { networkScenarios } from './network.ts';
import { operationScenarios } from './operations.ts';
import { runScenarios } from './run.ts';
import { serviceScenarios } from './services.ts';
import { settingScenarios } from './settings.ts';
import { workspaceScenarios } from './workspace.ts';

/** Those of one class run in this order, so that what must come last does. */
export const SCENARIOS: readonly Scenario[] = [
  ...runScenarios,
  ...lifeScenarios,
  ...execScenarios,
  ...fileScenarios,
  ...imageScenarios,
  ...networkScenarios,
  ...settingScenarios,
  ...lookScenarios,
  ...operationScenarios,
  ...faultScenarios,
  ...workspaceScenarios,
  ...serviceScenarios,
];

/** Scenarios of the suite that this one follows which banger has no use for, and why. */
export const WITHOUT_COUNTERPART: Readonly<Record<string, string>> = {
  ssh_config: 'guests are entered through their agent; there is no ssh and no configuration of it',
  update_check: 'there is no updater',
  update_to_unknown: 'there is no updater',
  update_no_root: 'there is no updater',
  update_dry_run: 'there is no updater',
  update_keeps_vm_alive: 'there is no updater; kill_all and daemon_admin show that guests live on',
  update_rollback_keeps_vm_alive: 'there is no updater',
};
