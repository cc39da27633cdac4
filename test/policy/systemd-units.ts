import type { Tree, Violation } from './tree.ts';

const FOLDER = 'deploy/systemd/';

/** Every unit starts a program that is there, and every service has the unit that starts it. */
export function checkSystemdUnits(tree: Tree, services: readonly string[]): Violation[] {
  const units = tree.paths.filter((path) => path.startsWith(FOLDER));
  if (units.length === 0) return [];
  const started = units.flatMap((unit) => entriesOf(tree.read(unit)));
  const unstarted = services.filter((service) => !started.includes(entryOf(service)));
  return [
    ...units.flatMap((unit) => judgeUnit(tree, unit)),
    ...unstarted.map((service) => `${FOLDER}: no unit starts ${service}`),
  ];
}

function judgeUnit(tree: Tree, unit: string): Violation[] {
  if (unit.endsWith('.socket')) {
    const service = unit.replace(/socket$/, 'service');
    return tree.has(service) ? [] : [`${unit}: there is no ${service}`];
  }
  if (!unit.endsWith('.service')) return [];
  const entries = entriesOf(tree.read(unit));
  if (entries.length === 0) return [`${unit}: starts no program of banger`];
  return entries
    .filter((entry) => !tree.has(entry))
    .map((entry) => `${unit}: there is no ${entry}`);
}

/** The sources behind the bundles that ExecStart names: dist/vmd.mjs is made from services/vmd/main.ts. */
function entriesOf(unit: string): string[] {
  const lines = unit.matchAll(/^ExecStart=(.*)$/gm);
  return [...lines].flatMap(([, line = '']) =>
    [...line.matchAll(/([\w-]+)\.[cm]?js\b/g)].map(([, name = '']) => entryOf(name)),
  );
}

function entryOf(program: string): string {
  return program === 'banger' ? 'cli/main.ts' : `services/${program}/main.ts`;
}
