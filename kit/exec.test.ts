import assert from 'node:assert/strict';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { isAbort } from './abort.ts';
import { BangerError } from './errors.ts';
import { launch, run, runStreaming } from './exec.ts';
import { failsWith } from './testing/fails-with.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';
import { until } from './testing/until.ts';

const options = { signal: new AbortController().signal, timeoutMs: 60_000 };

const shell = (script: string, ...args: string[]) => ['-c', script, 'sh', ...args];

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('the standard output of a tool is answered', async () => {
  assert.equal(await run('echo', ['hello world'], options), 'hello world');
});

test('what is in an argument stays in that argument', async () => {
  const args = ['$(id)', '; id', 'a b', '*', '', '-n', 'é\n'];
  assert.equal(
    await run('printf', ['[%s]', ...args], options),
    args.map((arg) => `[${arg}]`).join(''),
  );
});

test('a tool reads what it is given, and nothing otherwise', async () => {
  assert.equal(await run('cat', [], { ...options, input: 'given' }), 'given');
  assert.equal(await run('cat', [], options), '');
  const stream = Readable.from(['in ', 'pieces']);
  assert.equal(await run('cat', [], { ...options, input: stream }), 'in pieces');
});

test('a variable of this process is taken away from a tool by undefined', async () => {
  const args = shell('echo "[$HOME]"');
  assert.notEqual(await run('sh', args, options), '[]');
  assert.equal(await run('sh', args, { ...options, env: { HOME: undefined } }), '[]');
});

test('a status other than zero is a fact of its failure', async () => {
  const failed = run('sh', shell('exit 7'), options);
  await assert.rejects(failed, (error) => {
    return error instanceof BangerError && error.metadata.status === '7';
  });
});

test('a tool runs in the folder and with the variables it is given', async () => {
  const script = 'pwd; echo "$LC_ALL $EXTRA"';
  const output = await run('sh', shell(script), { ...options, cwd: '/', env: { EXTRA: 'x' } });
  assert.equal(output, '/\nC x');
});

test('a status other than zero is told with the end of what the tool said', async () => {
  await assert.rejects(
    run('sh', shell('echo "no such bridge" >&2; exit 3'), options),
    failsWith('COMMAND_FAILED', /^sh ended with status 3: no such bridge$/),
  );
});

test('a tool that says much is quoted from the end', async () => {
  const script = 'for i in $(seq 5000); do echo "line $i"; done >&2; exit 1';
  await assert.rejects(run('sh', shell(script), options), (error) => {
    assert.ok(error instanceof BangerError);
    return error.message.endsWith('line 5000') && error.message.length < 2100;
  });
});

test('a tool that is killed is told with the signal', async () => {
  await assert.rejects(
    run('sh', shell('kill -9 $$'), options),
    failsWith('COMMAND_FAILED', /^sh was killed by SIGKILL$/),
  );
});

test('a tool that is not there is told so, with the cause', async () => {
  await assert.rejects(run('banger-no-such-tool', [], options), (error) => {
    assert.ok(failsWith('COMMAND_FAILED', /^banger-no-such-tool could not be started$/)(error));
    return error instanceof Error && error.cause !== undefined;
  });
});

test('an abort kills the tool and is the error that is seen', async (t) => {
  const pidFile = join(temporaryFolder(t), 'pid');
  const controller = new AbortController();
  const running = run('sh', shell('echo $$ > "$1"; exec sleep 600', pidFile), {
    ...options,
    signal: controller.signal,
  });
  running.catch(() => undefined);
  const pid = await pidIn(pidFile);
  controller.abort();
  await assert.rejects(running, isAbort);
  assert.equal(isAlive(pid), false);
});

test('an aborted signal starts nothing', async (t) => {
  const file = join(temporaryFolder(t), 'ran');
  const aborted = { ...options, signal: AbortSignal.abort() };
  await assert.rejects(run('touch', [file], aborted), isAbort);
  assert.throws(() => readFileSync(file), /ENOENT/);
});

test('a tool that takes too long is killed and told so', async () => {
  await assert.rejects(
    run('sleep', ['600'], { ...options, timeoutMs: 50 }),
    failsWith('COMMAND_FAILED', /^sleep took too long$/),
  );
});

test('a tool that never stops writing is stopped and told so', async () => {
  await assert.rejects(run('yes', [], options), failsWith('COMMAND_FAILED', /^yes wrote too much/));
});

test('what is launched is in a session of its own and outlives the process that launched it', async (t) => {
  const pidFile = join(temporaryFolder(t), 'pid');
  const program = `
    import { launch } from ${JSON.stringify(join(import.meta.dirname, 'exec.ts'))};
    const stdio = ['ignore', 'ignore', 'ignore'];
    await launch('sh', ['-c', 'echo $$ > "$0"; exec sleep 600', ${JSON.stringify(pidFile)}],
      { stdio, env: process.env, cwd: '/' });
  `;
  await run(process.execPath, ['--input-type=module', '-e', program], options);
  const pid = await pidIn(pidFile);
  t.after(() => process.kill(pid));
  assert.equal(isAlive(pid), true);
  const [, , , session] =
    readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  assert.equal(Number(session), pid);
});

test('a launched process has exactly the descriptors and variables it was given', async (t) => {
  const output = join(temporaryFolder(t), 'output');
  const file = openSync(output, 'w');
  const child = await launch('sh', shell('env; echo done'), {
    stdio: ['ignore', file, 'ignore'],
    env: { ONLY: 'this' },
    cwd: '/',
  });
  closeSync(file);
  assert.ok(child.pid > 0);
  await until(() => readFileSync(output, 'utf8').includes('done'));
  assert.doesNotMatch(readFileSync(output, 'utf8'), /HOME=/);
  assert.match(readFileSync(output, 'utf8'), /ONLY=this/);
});

test('a process that cannot be launched is told so, with the cause', async () => {
  const given = { stdio: ['ignore', 'ignore', 'ignore'], env: {}, cwd: '/' } as const;
  await assert.rejects(launch('/nonexistent/vmm', [], given), (error) => {
    assert.ok(failsWith('COMMAND_FAILED', /could not be started$/)(error));
    return error instanceof Error && /ENOENT/.test(String(error.cause));
  });
});

async function pidIn(file: string): Promise<number> {
  const read = () => {
    try {
      return Number(readFileSync(file, 'utf8'));
    } catch {
      return 0;
    }
  };
  await until(() => read() > 0);
  return read();
}

test('a large output is read piece by piece, and the lines of standard error as they come', async () => {
  const lines: string[] = [];
  let bytes = 0;
  const script = 'echo first >&2; head -c 3000000 /dev/zero; echo last >&2';
  const output = runStreaming('/bin/sh', ['-c', script], {
    signal: new AbortController().signal,
    timeoutMs: 30_000,
    onLine: (line) => lines.push(line),
  });
  for await (const chunk of output) bytes += chunk.length;
  assert.equal(bytes, 3_000_000);
  assert.deepEqual(lines, ['first', 'last']);
});

test('an output whose tool fails ends with the failure and what the tool said', async () => {
  const output = runStreaming('/bin/sh', ['-c', 'echo part; echo why >&2; exit 3'], {
    signal: new AbortController().signal,
    timeoutMs: 30_000,
  });
  await assert.rejects(Array.fromAsync(output), failsWith('COMMAND_FAILED', /status 3: why/));
});

test('leaving an output early ends its tool', async () => {
  const output = runStreaming('/bin/sh', ['-c', 'while :; do echo more; done'], {
    signal: new AbortController().signal,
    timeoutMs: 30_000,
  });
  for await (const chunk of output) {
    assert.ok(chunk.length > 0);
    break;
  }
});

test('a tool reads a stream that is made while it runs, and ends with one that fails', async () => {
  async function* parts() {
    yield Buffer.from('one ');
    yield Buffer.from('two');
  }
  const limits = { signal: AbortSignal.timeout(20_000), timeoutMs: 20_000 };
  assert.equal(await run('cat', [], { ...limits, input: parts() }), 'one two');
  async function* broken() {
    yield Buffer.from('one');
    throw new Error('the source is gone');
  }
  await assert.rejects(run('cat', [], { ...limits, input: broken() }), {
    reason: 'COMMAND_FAILED',
  });
});

test('a tool that is tied ends with its starter, however that ends, and is missed by its own name', async (t) => {
  const note = join(temporaryFolder(t), 'pid');
  const script = `
    import { run } from ${JSON.stringify(new URL('./exec.ts', import.meta.url).href)};
    const options = { signal: new AbortController().signal, timeoutMs: 600_000, tied: true };
    await run('sh', ['-c', 'echo $$ > "$0.new"; mv "$0.new" "$0"; exec sleep 600', ${JSON.stringify(note)}], options);
  `;
  const stdio = ['ignore', 'ignore', 'ignore'] as const;
  const starter = await launch(process.execPath, ['--input-type=module', '-e', script], {
    ...{ stdio, env: { PATH: process.env.PATH ?? '' }, cwd: '/' },
  });
  t.after(() => starter.kill('SIGKILL'));
  await until(() => existsSync(note));
  const pid = Number(readFileSync(note, 'utf8'));
  assert.ok(pid > 1 && isAlive(pid));
  starter.kill('SIGKILL');
  await until(() => !isAlive(pid));
  await assert.rejects(
    run('no-such-tool', [], { ...options, tied: true }),
    failsWith('COMMAND_FAILED', /^no-such-tool could not be started/),
  );
});
