import { FieldWriter } from './fields.ts';
import type { CallOptions, PowerOptions } from './guest.ts';
import { OP, POWER_ASK_INIT, POWER_OFF, POWER_REBOOT } from './protocol.ts';
import { checkRequestSize, type Session } from './session.ts';

/** What a command that handles SIGTERM gets; a stop is meant to be quick. */
const DEFAULT_GRACE_MS = 250;
const NOTHING = Buffer.alloc(0);

export async function ping(session: Session, options: CallOptions = {}): Promise<void> {
  await session.open(OP.PING, NOTHING, options.signal).result;
}

export async function sync(session: Session, options: CallOptions = {}): Promise<void> {
  await session.open(OP.SYNC, NOTHING, options.signal).result;
}

export function powerOff(
  session: Session,
  options: CallOptions & PowerOptions = {},
): Promise<void> {
  return power(session, POWER_OFF, options);
}

export function reboot(session: Session, options: CallOptions & PowerOptions = {}): Promise<void> {
  return power(session, POWER_REBOOT, options);
}

async function power(
  session: Session,
  action: number,
  options: CallOptions & PowerOptions,
): Promise<void> {
  const fields = new FieldWriter()
    .u8(action)
    .u8(options.askInit ? POWER_ASK_INIT : 0)
    .u32(options.graceMs ?? DEFAULT_GRACE_MS);
  await session.open(OP.POWER, fields.build(), options.signal).result;
}

export async function setClock(
  session: Session,
  time: Date,
  options: CallOptions = {},
): Promise<void> {
  const ms = time.getTime();
  const seconds = Math.floor(ms / 1000);
  const fields = new FieldWriter().i64(seconds).u32((ms - seconds * 1000) * 1_000_000);
  await session.open(OP.SET_CLOCK, fields.build(), options.signal).result;
}

export async function addEntropy(
  session: Session,
  bytes: Buffer,
  options: CallOptions = {},
): Promise<void> {
  const fields = new FieldWriter().bytes(bytes);
  await session.open(OP.ADD_ENTROPY, checkRequestSize(fields.build()), options.signal).result;
}

export async function setIdentity(
  session: Session,
  config: string,
  options: CallOptions = {},
): Promise<void> {
  const fields = new FieldWriter().text(config);
  await session.open(OP.SET_IDENTITY, checkRequestSize(fields.build()), options.signal).result;
}
