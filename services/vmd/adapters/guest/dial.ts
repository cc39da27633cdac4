import type { Duplex } from 'node:stream';
import { GuestSocket } from './byte-streams.ts';
import { FieldWriter } from './fields.ts';
import type { CallOptions } from './guest.ts';
import { CHANNEL_OUT, DIAL_TCP, DIAL_UDP, DIAL_UNIX, OP } from './protocol.ts';
import type { Session } from './session.ts';

/** Many connections may be open at once, so each holds less than one bulk transfer would. */
const CONNECTION_WINDOW = 262_144;

type Target = { kind: number; address: string; port: number };

export function dialTcp(
  session: Session,
  address: string,
  port: number,
  options: CallOptions = {},
): Promise<Duplex> {
  return dial(session, { kind: DIAL_TCP, address, port }, options);
}

export function dialUdp(
  session: Session,
  address: string,
  port: number,
  options: CallOptions = {},
): Promise<Duplex> {
  return dial(session, { kind: DIAL_UDP, address, port }, options);
}

export function dialUnix(
  session: Session,
  path: string,
  options: CallOptions = {},
): Promise<Duplex> {
  return dial(session, { kind: DIAL_UNIX, address: path, port: 0 }, options);
}

async function dial(session: Session, target: Target, options: CallOptions): Promise<Duplex> {
  const fields = new FieldWriter()
    .u8(target.kind)
    .u32(CONNECTION_WINDOW)
    .u16(target.port)
    .text(target.address);
  const stream = session.open(OP.DIAL, fields.build(), options.signal);
  const inflow = stream.inflow(CHANNEL_OUT, CONNECTION_WINDOW);
  await stream.accepted;
  return new GuestSocket({
    inflow,
    outflow: stream.outflow,
    cancel: () => stream.cancel(),
    datagrams: target.kind === DIAL_UDP,
  });
}
