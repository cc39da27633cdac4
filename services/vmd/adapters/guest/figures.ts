import { FieldReader } from './fields.ts';
import type { CallOptions, GuestDisk, GuestFigures, GuestLink, GuestMount } from './guest.ts';
import { toPlainText } from './guest-error.ts';
import { OP } from './protocol.ts';
import type { Session } from './session.ts';

export async function figures(session: Session, options: CallOptions = {}): Promise<GuestFigures> {
  const stream = session.open(OP.FIGURES, Buffer.alloc(0), options.signal);
  const fields = new FieldReader(await stream.result);
  return {
    uptimeNs: fields.u64(),
    memory: readMemory(fields),
    cpu: readCpu(fields),
    load: readLoad(fields),
    mounts: Array.from({ length: fields.count(44) }, () => readMount(fields)),
    disks: Array.from({ length: fields.count(36) }, () => readDisk(fields)),
    links: Array.from({ length: fields.count(36) }, () => readLink(fields)),
  };
}

function readMemory(fields: FieldReader): GuestFigures['memory'] {
  return {
    totalBytes: fields.u64(),
    freeBytes: fields.u64(),
    availableBytes: fields.u64(),
    buffersBytes: fields.u64(),
    cachedBytes: fields.u64(),
    swapTotalBytes: fields.u64(),
    swapFreeBytes: fields.u64(),
  };
}

function readCpu(fields: FieldReader): GuestFigures['cpu'] {
  return {
    count: fields.u32(),
    userUs: fields.u64(),
    niceUs: fields.u64(),
    systemUs: fields.u64(),
    idleUs: fields.u64(),
    iowaitUs: fields.u64(),
    irqUs: fields.u64(),
    softirqUs: fields.u64(),
    stealUs: fields.u64(),
  };
}

function readLoad(fields: FieldReader): GuestFigures['load'] {
  return {
    one: fields.u32() / 100,
    five: fields.u32() / 100,
    fifteen: fields.u32() / 100,
    running: fields.u32(),
    processes: fields.u32(),
  };
}

function readMount(fields: FieldReader): GuestMount {
  return {
    path: toPlainText(fields.text()),
    totalBytes: fields.u64(),
    freeBytes: fields.u64(),
    availableBytes: fields.u64(),
    inodes: fields.u64(),
    freeInodes: fields.u64(),
  };
}

function readDisk(fields: FieldReader): GuestDisk {
  return {
    name: toPlainText(fields.text()),
    reads: fields.u64(),
    readBytes: fields.u64(),
    writes: fields.u64(),
    writtenBytes: fields.u64(),
  };
}

function readLink(fields: FieldReader): GuestLink {
  return {
    name: toPlainText(fields.text()),
    receivedBytes: fields.u64(),
    receivedPackets: fields.u64(),
    sentBytes: fields.u64(),
    sentPackets: fields.u64(),
  };
}
