import { connect } from 'node:net';
import type { Duplex, Writable } from 'node:stream';
import { untilAborted } from '#kit/abort.ts';
import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import type {
  ExecExit,
  ExecRecord,
  ExecRequest,
  Guest,
  GuestConnection,
  GuestExec,
  GuestFigures,
} from '../domain/guest.ts';
import type { Guests } from '../domain/ports.ts';
import { connectGuest } from './guest/connect-guest.ts';
import type { DetachedProcess, GuestExit, GuestProcess, Guest as Session } from './guest/guest.ts';
import { mergeStreams } from './guest/merge-streams.ts';
import { fileMethods } from './guest-files.ts';

/** Guests by the socket of their channel, in the domain's words. */
export function createGuests(): Guests {
  return {
    async connect(call, path) {
      const session = await connectGuest(connect(path), { signal: call.signal });
      return toGuest(session);
    },
  };
}

const NS_PER_MS = 1e6;

function toGuest(session: Session): Guest {
  const { ready } = session;
  return {
    bootId: ready.bootId,
    phases: ready.phases.map(({ name, atNs }) => ({ name, atMs: atNs / NS_PER_MS })),
    closed: session.closed.then(() => undefined),
    exec: (call, request) => exec(session, call, request),
    attach: async (call, execId) => {
      const handle = Number(execId);
      const known = (await session.processes(call)).find((running) => running.handle === handle);
      if (known === undefined) throw noSuchExec(execId);
      const running = session.attach(handle, { replay: true, signal: call.signal });
      await untilAborted(running.started, call.signal);
      return toExec(running, execId, known.pid);
    },
    listExecs: async (call) => {
      const [processes, { uptimeNs }] = await Promise.all([
        session.processes(call),
        session.figures(call),
      ]);
      const bootedAt = Date.now() - uptimeNs / NS_PER_MS;
      return processes.map((running) => toRecord(running, bootedAt));
    },
    ...fileMethods(session),
    listPorts: async (call) =>
      (await session.ports(call)).map(({ protocol, address, port, pid, processName }) => ({
        protocol,
        address,
        port,
        guestPid: pid,
        process: processName,
      })),
    readFigures: async (call) => toFigures(await session.figures(call)),
    dial: async (call, port, protocol) => {
      const dial = protocol === 'tcp' ? session.dialTcp : session.dialUdp;
      return toConnection(await dial('localhost', port, call));
    },
    setClock: (call, now) => session.setClock(now, call),
    powerOff: (call) => session.powerOff(call),
    close: () => session.close(),
  };
}

/** A program that is not detached lives as long as the call: the guest ends it when its caller has gone. */
async function exec(session: Session, call: Call, request: ExecRequest): Promise<GuestExec> {
  const wanted = {
    argv: request.arguments,
    env: request.environment,
    user: request.user,
    ...(request.workingDir === '' ? {} : { folder: request.workingDir }),
    ...(request.terminal === undefined ? {} : { terminal: request.terminal }),
  };
  if (!request.detach) {
    const running = session.exec({ ...wanted, stdin: true }, call);
    return toExec(running, '', await untilStarted(running, call));
  }
  const { handle, pid } = await session.execDetached(wanted, call);
  const running = session.attach(handle, { replay: true, signal: call.signal });
  return toExec(running, String(handle), pid);
}

/** 0 for a command that could not start: its exit says why, as a shell would. */
async function untilStarted(running: GuestProcess, call: Call): Promise<number> {
  const started = running.started.catch(async () => {
    await running.wait();
    return 0;
  });
  return untilAborted(started, call.signal);
}

function toExec(running: GuestProcess, execId: string, guestPid: number): GuestExec {
  const ending = running.wait();
  const exit = ending.then(toExit);
  // Whoever reads the output may leave before it is asked for.
  exit.catch(() => undefined);
  return {
    execId,
    guestPid,
    output: () => mergeOutput(running, guestPid, ending),
    write: (data) => write(running.stdin, data),
    endInput: async () => void running.stdin.end(),
    resize: async (size) => running.resize(size),
    signal: async (signal) => running.signal(signal),
    exit,
    release: () => running.cancel(),
  };
}

/** Both streams in the order in which their pieces come; a command that did not start says why on stderr. */
async function* mergeOutput(running: GuestProcess, guestPid: number, exit: Promise<GuestExit>) {
  if (guestPid === 0) {
    const ended = await exit;
    const why = ended.kind === 'not-started' ? ended.message : 'the command did not start';
    yield { stream: 'stderr' as const, data: Buffer.from(`banger: ${why}\n`) };
    return;
  }
  const streams = { stdout: running.stdout, stderr: running.stderr };
  yield* mergeStreams<'stdout' | 'stderr', Buffer>(streams);
}

function toExit(exit: GuestExit): ExecExit {
  return exit.kind === 'signaled' ? { signal: exit.signal } : { status: exit.status };
}

function toRecord(running: DetachedProcess, bootedAt: number): ExecRecord {
  const { handle, pid, state, value, name, startedNs } = running;
  return {
    execId: String(handle),
    arguments: [name],
    guestPid: pid,
    startedAt: new Date(bootedAt + startedNs / NS_PER_MS),
    ...(state === 'running'
      ? {}
      : { exit: state === 'exited' ? { status: value } : { signal: value } }),
  };
}

function toFigures({
  memory,
  cpu,
  load,
  mounts,
  links,
  uptimeNs,
}: Awaited<ReturnType<Session['figures']>>): GuestFigures {
  const busyUs = cpu.userUs + cpu.niceUs + cpu.systemUs + cpu.irqUs + cpu.softirqUs + cpu.stealUs;
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const root = mounts.find(({ path }) => path === '/');
  return {
    memoryTotalBytes: memory.totalBytes,
    memoryAvailableBytes: memory.availableBytes,
    cpuBusyMs: busyUs / 1000,
    cpuTotalMs: (busyUs + cpu.idleUs + cpu.iowaitUs) / 1000,
    load1m: load.one,
    diskTotalBytes: root?.totalBytes ?? 0,
    diskFreeBytes: root?.availableBytes ?? 0,
    uptimeMs: uptimeNs / NS_PER_MS,
    networkReceivedBytes: sum(links.map(({ receivedBytes }) => receivedBytes)),
    networkSentBytes: sum(links.map(({ sentBytes }) => sentBytes)),
  };
}

function toConnection(duplex: Duplex): GuestConnection {
  return {
    read: () => duplex as AsyncIterable<Buffer>,
    write: (data) => write(duplex, data),
    end: async () => void duplex.end(),
    close: () => duplex.destroy(),
  };
}

/** Resolves when there is room for more, and quietly when nobody will read any more. */
async function write(stream: Writable, data: Uint8Array): Promise<void> {
  if (stream.destroyed || stream.writableEnded || stream.write(data)) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  stream.once('drain', resolve);
  stream.once('close', resolve);
  await promise;
  stream.off('drain', resolve);
  stream.off('close', resolve);
}

function noSuchExec(execId: string): BangerError {
  return new BangerError('INVALID_REFERENCE', `nothing runs under exec id "${execId}"`, {
    metadata: { exec: execId },
  });
}
