import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LocalUser, type LocalUserOptions, openLocalUser } from '../integration/local-user.ts';
import type { Ending } from '../integration/root-user.ts';
import { type Commands, createCommands } from './commands.ts';
import type { House } from './house.ts';
import type { Transcript } from './transcript.ts';

/** What a scenario works with: banger as its user has it, and names and files that no other scenario has. */
export type Smoke = House & Commands & Names & Places & Ending & Waiting;

type Names = {
  /** The name of the scenario's machine. */
  readonly vm: string;
  /** Another one of its machines. Whatever has a name from here is deleted when the scenario is over. */
  vmNamed(suffix: string): string;
};

type Places = {
  /** Puts a file into the scenario's own folder; answers its path. */
  write(path: string, content: string | Buffer): string;
  /** A path in the scenario's own folder. */
  path(name: string): string;
  /** A folder outside of everybody's home, of whoever runs the scenarios. */
  makeFolder(): string;
  /** Another person, whose services nobody else uses. */
  openUser(options?: LocalUserOptions): LocalUser;
};

type Waiting = {
  /** Looks again and again until the condition holds, or the scenario's time is over. */
  until(what: string, condition: () => unknown): Promise<void>;
};

export type Stage = { smoke: Smoke; close(): Promise<void> };

const LOOK_MS = 100;

type About = { name: string; signal: AbortSignal; transcript: Transcript };

export function openStage(house: House, { name, signal, transcript }: About): Stage {
  const { user } = house;
  const [ends, running] = [new AsyncDisposableStack(), new AsyncDisposableStack()];
  const after = (end: () => unknown) => ends.defer(async () => void (await end()));
  const { given, names } = createNames(name.replaceAll('_', '-'));
  const until: Waiting['until'] = async (what, condition) => {
    transcript.note(`until ${what}`);
    while (!(await condition())) await sleep(LOOK_MS, undefined, { signal });
  };
  const commands = createCommands({ user, signal, transcript, running });
  const smoke = { ...house, ...commands, ...createPlaces(user, name, after), after, until };
  return {
    smoke: Object.assign(names, smoke),
    async close() {
      transcript.note('clean-up');
      // Last in, first out: commands could make more machines, and images cannot go while machines are made of them.
      ends.defer(() => deleteMachines(user, given));
      ends.use(running);
      await ends.disposeAsync();
    },
  };
}

/** Only names that were asked for can be of a machine; a scenario without any has nothing to delete. */
function createNames(base: string): { given: ReadonlySet<string>; names: Names } {
  const given = new Set<string>();
  const give = (name: string) => {
    given.add(name);
    return name;
  };
  const names: Names = {
    get vm() {
      return give(base);
    },
    vmNamed: (suffix) => give(`${base}-${suffix}`),
  };
  return { given, names };
}

function createPlaces(user: LocalUser, name: string, after: Ending['after']): Places {
  return {
    write: (path, content) => user.write(join(name, path), content),
    path: (path) => join(user.home, name, path),
    openUser: (options) => openLocalUser({ after }, options),
    makeFolder: () => {
      const folder = mkdtempSync(join(tmpdir(), 'banger-smoke-'));
      after(() => rmSync(folder, { recursive: true, force: true }));
      chmodSync(folder, 0o711);
      return folder;
    },
  };
}

async function deleteMachines(user: LocalUser, names: ReadonlySet<string>): Promise<void> {
  if (names.size === 0) return;
  const { stdout } = await user.banger('vm', 'list', '--format', 'name');
  const left = stdout.split('\n').filter((name) => names.has(name));
  if (left.length === 0) return;
  const { code, stderr } = await user.banger('vm', 'delete', ...left);
  assert.equal(code, 0, stderr);
}
