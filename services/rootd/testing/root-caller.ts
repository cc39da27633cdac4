import { createInterface } from 'node:readline';
import { callMethod } from '#kit/call-method.ts';
import { openConnection } from '#kit/connection.ts';
import { BangerError } from '#kit/errors.ts';

// A process that calls rootd as whoever it runs as: node root-caller.ts SOCKET. It reads requests and writes
// answers, a line of JSON each. Requests are bytes, so that they need not be anything a proper client would send.
const [socket = ''] = process.argv.slice(2);
const connection = openConnection({ socket, service: 'rootd', patienceMs: 0 });
const bytes = {
  fromPartial: (value: Uint8Array) => value,
  encode: (value: Uint8Array) => ({ finish: () => value }),
  decode: (value: Uint8Array) => value,
};

export type Asked = { id: number; path: string; body: string };
export type Answered = { id: number; body?: string; reason?: string; message?: string };

async function answer({ id, path, body }: Asked): Promise<Answered> {
  const method = {
    ...{ name: path, options: {}, requestStream: false, responseStream: false },
    ...{ requestType: bytes, responseType: bytes },
  } as unknown as Parameters<typeof callMethod>[0]['method'];
  try {
    const request = Buffer.from(body, 'base64');
    const found = await callMethod({ connection, path, method }, request, { timeoutMs: 30_000 });
    return { id, body: Buffer.from(found as Uint8Array).toString('base64') };
  } catch (error) {
    const reason = error instanceof BangerError ? error.reason : 'not of ours';
    return { id, reason, message: error instanceof Error ? error.message : String(error) };
  }
}

for await (const line of createInterface(process.stdin)) {
  void answer(JSON.parse(line)).then((said) => process.stdout.write(`${JSON.stringify(said)}\n`));
}
process.exit(0);
