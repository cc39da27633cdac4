import { GuestReadable } from './byte-streams.ts';
import { type FieldReader, FieldWriter } from './fields.ts';
import type { CallOptions, ListeningPort } from './guest.ts';
import { toPlainText } from './guest-error.ts';
import { CHANNEL_OUT, OP } from './protocol.ts';
import { readRecords } from './records.ts';
import type { Session } from './session.ts';

const PORTS_WINDOW = 131_072;
/** The guest program reports no more than this; a guest that does is cut off. */
const PORTS_MAX = 4096;
const UDP = 17;

export async function ports(session: Session, options: CallOptions = {}): Promise<ListeningPort[]> {
  const fields = new FieldWriter().u32(PORTS_WINDOW);
  const stream = session.open(OP.PORTS, fields.build(), options.signal);
  const output = new GuestReadable(stream.inflow(CHANNEL_OUT, PORTS_WINDOW));
  const found: ListeningPort[] = [];
  for await (const record of readRecords(output)) {
    if (found.length < PORTS_MAX) found.push(readPort(record));
  }
  await stream.result;
  return found;
}

function readPort(fields: FieldReader): ListeningPort {
  const protocol = fields.u8() === UDP ? 'udp' : 'tcp';
  const family = fields.u8();
  const address = fields.fixed(16);
  return {
    protocol,
    address: family === 4 ? [...address.subarray(0, 4)].join('.') : formatIpv6(address),
    port: fields.u16(),
    uid: fields.u32(),
    pid: fields.u32(),
    processName: toPlainText(fields.text()),
  };
}

/** The usual short form (RFC 5952), as `URL` writes it. */
function formatIpv6(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(2 * at).toString(16));
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}
