import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type HostCheck, pass } from '#kit/host-check.ts';
import { isResolverRunning } from '../network/resolver.ts';
import { findCgroupMount } from '../vmm/cgroup.ts';

/** What banger uses where a host has it and does without where not. */
export function checkControlGroups(): HostCheck {
  const mount = findCgroupMount();
  const controllers =
    mount === undefined ? '' : readFileSync(join(mount, 'cgroup.controllers'), 'utf8').trim();
  const missing = ['cpu', 'memory', 'pids'].filter(
    (name) => !controllers.split(' ').includes(name),
  );
  if (missing.length === 0) return pass('control groups', `version 2 at ${mount}`);
  return {
    name: 'control groups',
    status: 'warn',
    detail:
      mount === undefined
        ? 'no version 2: VMMs share one group and are limited by their own rlimits only'
        : `version 2 at ${mount} lacks ${missing.join(', ')}: VMMs have groups, without those limits`,
    remedy: '',
    packages: [],
  };
}

export function checkResolver(): HostCheck {
  if (isResolverRunning())
    return pass('resolver', 'systemd-resolved can be pointed at the zone vm');
  return {
    name: 'resolver',
    status: 'warn',
    detail:
      'systemd-resolved does not run: names such as web.vm are answered by banger only when asked there',
    remedy: 'apt-get install systemd-resolved',
    packages: ['systemd-resolved'],
  };
}
