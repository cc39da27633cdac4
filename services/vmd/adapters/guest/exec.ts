import { BangerError } from '#kit/errors.ts';
import { GuestReadable, GuestWritable } from './byte-streams.ts';
import { FieldReader, FieldWriter } from './fields.ts';
import type {
  CallOptions,
  DetachedProcess,
  ExecRequest,
  GuestExit,
  GuestProcess,
  TerminalSize,
} from './guest.ts';
import { toPlainText } from './guest-error.ts';
import type { GuestStream } from './guest-stream.ts';
import {
  ATTACH_REPLAY,
  CHANNEL_ERR,
  CHANNEL_OUT,
  ENDED_EXITED,
  EXEC_DETACHED,
  EXEC_PTY,
  EXEC_STDIN,
  FRAME,
  OP,
  STILL_RUNNING,
} from './protocol.ts';
import { checkRequestSize, type Session } from './session.ts';

/** What one output may hold here and on its way; enough to keep the channel busy. */
const OUTPUT_WINDOW = 524_288;

export function exec(
  session: Session,
  request: ExecRequest,
  options: CallOptions = {},
): GuestProcess {
  const flags = flagsOf(request);
  const stream = session.open(OP.EXEC, encodeRequest(request, flags), options.signal);
  if (!request.stdin) stream.outflow.stop();
  return toProcess(stream);
}

export async function execDetached(
  session: Session,
  request: ExecRequest,
  options: CallOptions = {},
): Promise<{ handle: number; pid: number }> {
  const flags = flagsOf(request) | EXEC_DETACHED;
  const stream = session.open(OP.EXEC, encodeRequest(request, flags), options.signal);
  const fields = new FieldReader(await stream.result);
  return { handle: fields.u32(), pid: fields.u32() };
}

export function attach(
  session: Session,
  handle: number,
  options: CallOptions & { replay?: boolean } = {},
): GuestProcess {
  const fields = new FieldWriter()
    .u32(handle)
    .u32(OUTPUT_WINDOW)
    .u32(OUTPUT_WINDOW)
    .u8(options.replay === true ? ATTACH_REPLAY : 0);
  return toProcess(session.open(OP.ATTACH, fields.build(), options.signal));
}

export async function processes(
  session: Session,
  options: CallOptions = {},
): Promise<DetachedProcess[]> {
  const stream = session.open(OP.PROCESSES, Buffer.alloc(0), options.signal);
  const fields = new FieldReader(await stream.result);
  return Array.from({ length: fields.count(32) }, () => readDetached(fields));
}

function flagsOf(request: ExecRequest): number {
  return (request.stdin ? EXEC_STDIN : 0) | (request.terminal ? EXEC_PTY : 0);
}

function encodeRequest(request: ExecRequest, flags: number): Buffer {
  if (request.argv[0] === undefined || request.argv[0] === '') {
    throw new BangerError('INVALID_FIELD', 'the command is empty');
  }
  const fields = new FieldWriter()
    .u16(flags)
    .u16(request.terminal?.rows ?? 0)
    .u16(request.terminal?.columns ?? 0)
    .u32(OUTPUT_WINDOW)
    .u32(OUTPUT_WINDOW)
    .text(request.user ?? '')
    .text(request.folder ?? '')
    .texts(request.argv)
    .texts(request.env ?? []);
  return checkRequestSize(fields.build());
}

function toProcess(stream: GuestStream): GuestProcess {
  const stdout = new GuestReadable(stream.inflow(CHANNEL_OUT, OUTPUT_WINDOW));
  const stderr = new GuestReadable(stream.inflow(CHANNEL_ERR, OUTPUT_WINDOW));
  const started = stream.accepted.then((payload) => new FieldReader(payload).u32());
  /* Most callers ask `wait` only; a command that did not start is its answer, no loose rejection. */
  started.catch(() => undefined);
  return {
    started,
    stdin: new GuestWritable(stream.outflow),
    stdout,
    stderr,
    wait: () => exitOf(stream),
    signal: (number) => stream.send(FRAME.SIGNAL, 0, new FieldWriter().u32(number).build()),
    resize: (size) => stream.send(FRAME.RESIZE, 0, encodeSize(size)),
    cancel: () => stream.cancel(),
  };
}

function encodeSize(size: TerminalSize): Buffer {
  return new FieldWriter().u16(size.rows).u16(size.columns).build();
}

async function exitOf(stream: GuestStream): Promise<GuestExit> {
  try {
    const fields = new FieldReader(await stream.result);
    const how = fields.u8();
    const value = fields.u8();
    const droppedBytes = fields.u64();
    return how === ENDED_EXITED
      ? { kind: 'exited', status: value, droppedBytes }
      : { kind: 'signaled', signal: value, droppedBytes };
  } catch (error) {
    const failure = stream.failure;
    if (failure === undefined || failure.exitStatus === 0) throw error;
    return { kind: 'not-started', status: failure.exitStatus, message: failure.message };
  }
}

function readDetached(fields: FieldReader): DetachedProcess {
  const handle = fields.u32();
  const pid = fields.u32();
  const state = fields.u8();
  return {
    handle,
    pid,
    state: state === STILL_RUNNING ? 'running' : state === ENDED_EXITED ? 'exited' : 'signaled',
    value: fields.u8(),
    terminal: fields.u8() !== 0,
    attached: fields.u8() !== 0,
    startedNs: fields.u64(),
    endedNs: fields.u64(),
    name: toPlainText(fields.text()),
  };
}
