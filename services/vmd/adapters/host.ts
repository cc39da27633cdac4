import { randomBytes, randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseVmId, parseVmName } from '#kit/names.ts';
import {
  isRunning,
  type ProcessIdentity,
  processUsage as readUsage,
} from '#kit/process-identity.ts';
import type { Host } from '../domain/ports.ts';

const FIRST = [
  'brave',
  'bright',
  'calm',
  'clever',
  'cosy',
  'eager',
  'fair',
  'fast',
  'gentle',
  'glad',
  'keen',
  'kind',
  'lively',
  'lucky',
  'merry',
  'mild',
  'neat',
  'noble',
  'proud',
  'quick',
  'quiet',
  'ready',
  'sharp',
  'shy',
  'sly',
  'smart',
  'snug',
  'sunny',
  'swift',
  'tidy',
  'warm',
  'wise',
] as const;
const SECOND = [
  'badger',
  'beaver',
  'bison',
  'crane',
  'dove',
  'eagle',
  'falcon',
  'ferret',
  'finch',
  'fox',
  'gecko',
  'hare',
  'heron',
  'ibis',
  'jay',
  'koala',
  'lark',
  'lemur',
  'lynx',
  'marten',
  'mole',
  'newt',
  'otter',
  'owl',
  'panda',
  'puffin',
  'quail',
  'raven',
  'robin',
  'seal',
  'swan',
  'wren',
] as const;

/** The machine this runs on. */
export function createHost(): Host {
  return {
    now: () => new Date(),
    newId: () => parseVmId(randomBytes(8).toString('hex')),
    newName: () => parseVmName(`${pick(FIRST)}-${pick(SECOND)}-${randomBytes(2).toString('hex')}`),
    bootId: () => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    cpus: availableParallelism,
    memoryBytes: totalmem,
    availableMemoryBytes,
    processUsage,
    sleep: (durationMs, signal) => sleep(durationMs, undefined, { signal }),
  };
}

function pick(words: readonly string[]): string {
  return words[randomInt(words.length)] ?? '';
}

/** The kernel's own estimate, which counts caches that it would give up. */
function availableMemoryBytes(): number {
  const kib = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
  return Number(kib ?? 0) * 1024;
}

/** Clock ticks are hundredths of a second on every Linux that runs virtual machines (getconf CLK_TCK). */
const TICK_MS = 10;

function processUsage(process: ProcessIdentity) {
  const usage = isRunning(process) ? readUsage(process.pid) : undefined;
  if (usage === undefined) return undefined;
  return { cpuMs: usage.cpuTicks * TICK_MS, residentBytes: usage.residentBytes };
}
