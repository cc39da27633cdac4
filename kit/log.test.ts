import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BangerError } from './errors.ts';
import { createLog, LOG_LEVELS } from './log.ts';
import { recordedLog } from './testing/recorded-log.ts';

test('a line is one JSON object with its time, level, message and fields', () => {
  const written: string[] = [];
  const log = createLog({
    level: 'info',
    write: (line) => void written.push(line),
    now: () => new Date('2024-02-29T12:00:00Z'),
    fields: { service: 'vmd' },
  });
  log.with({ opId: 'a' }).info('tap created', { device: 'bgtap-1' });
  assert.deepEqual(written, [
    '{"time":"2024-02-29T12:00:00.000Z","level":"info","message":"tap created","service":"vmd","opId":"a","device":"bgtap-1"}\n',
  ]);
});

test('lines below the level are not written', () => {
  for (const [index, level] of LOG_LEVELS.entries()) {
    const written: string[] = [];
    const log = createLog({
      level,
      write: (line) => void written.push(line),
      now: () => new Date(),
    });
    for (const each of LOG_LEVELS) log[each]('message');
    assert.equal(written.length, LOG_LEVELS.length - index);
  }
});

test('an error is written with reason, stack and causes, however deep', () => {
  const { log, lines } = recordedLog();
  const cause = new Error('open failed', { cause: new Error('no such file') });
  const first = new BangerError('DISK_FULL', 'the disk is full', { cause });
  log.error('call failed', { error: new AggregateError([first], 'several') });
  const [line] = lines;
  const error = line?.error as { errors: { reason: string; stack: string; cause: unknown }[] };
  assert.equal(error.errors[0]?.reason, 'DISK_FULL');
  assert.match(error.errors[0]?.stack ?? '', /log\.test\.ts/);
  assert.match(JSON.stringify(error.errors[0]?.cause), /open failed.*no such file/);
});

test('numbers of any size are written', () => {
  const { log, lines } = recordedLog();
  log.info('disk made', { sizeBytes: 2n ** 70n, small: 1 });
  assert.equal(lines[0]?.sizeBytes, '1180591620717411303424');
  assert.equal(lines[0]?.small, 1);
});

test('a line break in a field does not break the line', () => {
  const written: string[] = [];
  const write = (line: string) => void written.push(line);
  createLog({ level: 'info', write, now: () => new Date() }).info('x', {
    name: 'a\n{"level":"b"}',
  });
  assert.equal(written.join('').split('\n').length, 2);
});

test('a field that holds itself, or cannot be read, costs the field and not the line', () => {
  const { log, lines } = recordedLog();
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  const chain = new Error('a');
  chain.cause = chain;
  const trap = {
    get value() {
      throw new Error('no');
    },
  };
  log.info('circle', { circle });
  log.info('chain', { error: chain });
  log.info('trap', { trap });
  assert.deepEqual(
    lines.map(({ message, level }) => [level, message]),
    ['circle', 'chain', 'trap'].map((message) => ['info', message]),
  );
});
