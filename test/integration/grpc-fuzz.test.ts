import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import type { ClientHttp2Stream } from 'node:http2';
import { test } from 'node:test';
import { createClient } from '#kit/client.ts';
import type { ServiceName } from '#kit/paths.ts';
import { until } from '#kit/testing/until.ts';
import { ImageServiceDefinition } from '#proto/banger/v1/image.ts';
import { InfoServiceDefinition } from '#proto/banger/v1/info.ts';
import { KernelServiceDefinition } from '#proto/banger/v1/kernel.ts';
import { NetworkServiceDefinition } from '#proto/banger/v1/network.ts';
import { OperationServiceDefinition } from '#proto/banger/v1/operation.ts';
import { RootServiceDefinition } from '#proto/banger/v1/root.ts';
import { VmServiceDefinition } from '#proto/banger/v1/vm.ts';
import { HealthDefinition } from '#proto/grpc/health/v1/health.ts';
import { openHouse } from './harness.ts';
import { STARTABLE } from './needs.ts';
import { closed, frame, openRawPeer, type RawPeer, reset } from './raw-calls.ts';
import { createRandom } from './seeded-random.ts';

type Contract = {
  fullName: string;
  methods: Readonly<Record<string, { name: string }>>;
};

const COMMON: readonly Contract[] = [InfoServiceDefinition, HealthDefinition];
const CONTRACTS: Readonly<Record<ServiceName, readonly Contract[]>> = {
  vmd: [VmServiceDefinition, OperationServiceDefinition, ...COMMON],
  imaged: [ImageServiceDefinition, KernelServiceDefinition, OperationServiceDefinition, ...COMMON],
  netd: [NetworkServiceDefinition, ...COMMON],
  rootd: [RootServiceDefinition, ...COMMON],
};

const OVERSIZED_BYTES = 5 * 2 ** 20;
const RESETS = 1000;
const GROWTH_BYTES = 64 * 2 ** 20;

/** More of it by hand, and a failure again: ROUNDS=100 SEED=12345 node --test grpc-fuzz.test.ts */
const ROUNDS = Number(process.env.ROUNDS ?? 2);
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

type Bytes = (length: number) => Buffer;

/** The tag has a wire type that does not exist, so that no luck makes a request that means something. */
function malformed(bytes: Bytes): Buffer {
  return Buffer.concat([Buffer.of(0x0f), bytes(200)]);
}

/** What a peer can do wrong on a stream, which is reset afterwards where it did not end by that. */
const WRONGS: Readonly<Record<string, (stream: ClientHttp2Stream, bytes: Bytes) => unknown>> = {
  'a message that is none': (stream, bytes) => stream.end(frame(malformed(bytes))),
  'bytes without a frame': (stream, bytes) => stream.end(bytes(3)),
  'a message longer than it says': (stream, bytes) =>
    stream.end(frame(malformed(bytes), { length: 7 })),
  'an end within a message': (stream, bytes) =>
    stream.end(frame(malformed(bytes), { length: 1000 })),
  'a compression nobody agreed on': (stream, bytes) =>
    stream.end(frame(malformed(bytes), { compressed: 1 })),
  'no message': (stream) => stream.end(Buffer.alloc(0)),
  'a length of 4 GiB': (stream, bytes) =>
    stream.end(frame(malformed(bytes), { length: 2 ** 32 - 1 })),
  'the beginning of a message over the limit': (stream, bytes) =>
    stream.write(frame(malformed(bytes), { length: OVERSIZED_BYTES })),
  'half a message, and silence': (stream, bytes) =>
    stream.write(frame(malformed(bytes), { length: 1000 })),
  silence: () => undefined,
};

function methodsOf(service: ServiceName): string[] {
  return CONTRACTS[service].flatMap(({ fullName, methods }) =>
    Object.values(methods).map(({ name }) => `/${fullName}/${name}`),
  );
}

for (const service of STARTABLE) {
  test(`${service} outlives every wrong request to every method (SEED=${SEED})`, async (t) => {
    const house = openHouse(t);
    const { pid, socket } = await house.start(service);
    const { bytes } = createRandom(SEED);
    const info = createClient(InfoServiceDefinition, house.connect(service));
    const attack = async () => {
      const peer = openRawPeer(socket);
      for (const path of methodsOf(service)) await wrong(peer, path, bytes);
      const whole = peer.open(methodsOf(service)[0] ?? '');
      whole.end(frame(Buffer.alloc(OVERSIZED_BYTES, 0x0f)));
      await peer.heard();
      reset(whole);
      await closed(whole);
      await resetMany(peer, methodsOf(service));
      peer.close();
      assert.equal((await info.getInfo({})).pid, pid);
    };
    await info.getInfo({});
    const descriptors = countDescriptors(pid);
    await attack();
    const before = residentBytes(pid);
    for (let round = 1; round < ROUNDS; round++) await attack();
    await until(() => countDescriptors(pid) <= descriptors);
    const grownBytes = residentBytes(pid) - before;
    assert.ok(grownBytes < GROWTH_BYTES, `it grew by ${grownBytes} bytes`);
    t.diagnostic(`${methodsOf(service).length} methods, grown by ${grownBytes} bytes`);
  });
}

async function wrong(peer: RawPeer, path: string, bytes: Bytes): Promise<void> {
  const streams = Object.values(WRONGS).map((doWrong) => {
    const stream = peer.open(path);
    doWrong(stream, bytes);
    return stream;
  });
  await peer.heard();
  for (const stream of streams) reset(stream);
  await Promise.all(streams.map(closed));
}

/** Streams that are given up as soon as they are opened: what made many servers of HTTP/2 fall (CVE-2023-44487). */
async function resetMany(peer: RawPeer, paths: readonly string[]): Promise<void> {
  for (let done = 0; done < RESETS; done += 100) {
    const streams = Array.from({ length: 100 }, (_, at) =>
      peer.open(paths[(done + at) % paths.length] ?? ''),
    );
    for (const stream of streams) reset(stream);
    await Promise.all(streams.map(closed));
  }
}

function countDescriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
}
