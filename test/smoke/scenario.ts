import type { Skip } from '../integration/needs.ts';
import type { Smoke } from './smoke.ts';

/**
 * pure: runs beside any other. repodir: changes the one repository that its class shares, so that one runs at a time.
 * global: ends services or acts on all machines, so that nothing else may run.
 */
export const CLASSES = ['pure', 'repodir', 'global'] as const;
export type Class = (typeof CLASSES)[number];

/** One thing that a user does with the command, and what comes of it. */
export type Scenario = {
  readonly name: string;
  readonly about: string;
  readonly class: Class;
  /** Why this host cannot run it. */
  readonly skip: Skip;
  run(smoke: Smoke): Promise<void>;
};

type Make = (name: string, about: string, run: Scenario['run'], skip?: Skip) => Scenario;

function maker(of: Class): Make {
  return (name, about, run, skip = false) => ({ name, about, class: of, skip, run });
}

export const pure = maker('pure');
export const repodir = maker('repodir');
export const global = maker('global');
