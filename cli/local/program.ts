import { existsSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Paths, SERVICES, type ServiceName } from '#kit/paths.ts';
import { programRoot } from '#kit/program.ts';
import { hashProgram, publishProgramCopy } from '#kit/program-copy.ts';
import { findServiceProcess } from './service-process.ts';

/** How to start a service: the Node that runs it and the file it begins with. */
export type Program = { node: string; main(service: ServiceName): string };

/** The program where it lies: bundles where they were built, else the sources. */
export function programInPlace(node: string): Program {
  const root = programRoot();
  return {
    node,
    main: (service) => {
      const bundle = join(root, 'dist', `${service}.mjs`);
      return existsSync(bundle) ? bundle : join(root, 'services', service, 'main.ts');
    },
  };
}

/**
 * A copy of the program in a folder of root's that everybody may read. Root's own checkout usually lies where
 * the account of the services cannot look (/root is closed to all others).
 */
export function copyProgram(node: string, paths: Paths): Program {
  const folder = join(paths.state, 'program');
  const copy = join(folder, hashProgram());
  if (!existsSync(copy)) publishProgramCopy(node, copy);
  const used = [copy, ...copiesInUse(paths)];
  for (const other of readdirSync(folder).map((name) => join(folder, name))) {
    if (!used.some((kept) => kept.startsWith(other))) {
      rmSync(other, { recursive: true, force: true });
    }
  }
  return {
    node: join(copy, 'bin/node'),
    main: (service) => join(copy, 'dist', `${service}.mjs`),
  };
}

/** A service that was started from an older copy reads files of it as long as it runs. */
function copiesInUse(paths: Paths): string[] {
  return SERVICES.flatMap((service) => {
    const pid = findServiceProcess(paths, service);
    return pid === undefined ? [] : readlinkSync(`/proc/${pid}/exe`);
  });
}
