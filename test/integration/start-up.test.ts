import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { type HouseOptions, openHouse } from './harness.ts';
import type { ServiceProcess } from './service-process.ts';

/** Waits for a service that cannot start, and answers what it says about that. */
async function refusalOf(service: ServiceProcess): Promise<string> {
  assert.deepEqual(await service.exited, { code: 1, signal: null });
  return service.stderr();
}

test('a mistake in the configuration stops the service with the place and the way out', async (t) => {
  const options: HouseOptions = { config: '# settings\nlog_levl = "debug"\n' };
  const said = await refusalOf(openHouse(t, options).spawn('vmd'));
  const hint = 'no setting is called "log_levl"; did you mean "log_level"?';
  assert.match(said, /^vmd: .*config\.toml:2: .*\n$/);
  assert.ok(said.includes(hint));
});

test('an argument that cannot be meant stops the service with one line', async (t) => {
  const said = await refusalOf(openHouse(t, { owner: 0.5 }).spawn('vmd'));
  assert.equal(said, 'vmd: --owner is the number of a user, not "0.5"\n');
});

test('the level of the log comes from the configuration, and from the environment before that', async (t) => {
  const house = openHouse(t, { config: 'log_level = "error"\n' });
  const quiet = await house.start('vmd');
  await house.getInfo('vmd');
  await quiet.stop();
  assert.deepEqual(quiet.log(), []);
  const loud = await house.start('vmd', { env: { BANGER_LOG_LEVEL: 'info' } });
  await loud.stop();
  assert.ok(loud.log().some(({ message }) => message === 'service ready'));
});

test('a database of a newer banger stops vmd and is left as it is', async (t) => {
  const house = openHouse(t);
  const folder = join(house.paths.state, 'vmd');
  mkdirSync(folder, { recursive: true });
  const database = new Database(join(folder, 'vmd.db'));
  database.pragma('user_version = 999');
  database.close();
  const said = await refusalOf(house.spawn('vmd'));
  assert.match(said, /has version 999 and this banger knows \d+; install the newer banger again/);
});

test('a file in the place of the socket is refused and stays', async (t) => {
  const house = openHouse(t);
  const file = join(house.paths.runtime, 'vmd.sock');
  mkdirSync(house.paths.runtime, { mode: 0o700 });
  writeFileSync(file, 'precious');
  assert.match(await refusalOf(house.spawn('vmd')), /is in the way and is not a socket; remove it/);
  assert.equal(readFileSync(file, 'utf8'), 'precious');
  rmSync(file);
});

test('a runtime folder that others may write to is refused', async (t) => {
  const house = openHouse(t);
  mkdirSync(house.paths.runtime);
  chmodSync(house.paths.runtime, 0o777);
  const said = await refusalOf(house.spawn('vmd'));
  assert.match(said, /must be a folder of uid \d+ that nobody else can write to/);
});
