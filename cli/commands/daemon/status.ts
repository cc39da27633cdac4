import { formatDuration } from '#kit/duration.ts';
import { BangerError } from '#kit/errors.ts';
import { type ServiceName, socketPath } from '#kit/paths.ts';
import { formatSize } from '#kit/size.ts';
import type { GetInfoResponse } from '#proto/banger/v1/info.ts';
import { USER_SERVICES } from '../../clients.ts';
import type { Command } from '../../command.ts';
import type { Context } from '../../context.ts';
import { wasStarted, wasStopped } from '../../local/service-process.ts';
import { lowerName } from '../../output/enum.ts';
import { EXIT } from '../../output/error.ts';
import type { Table } from '../../output/table.ts';

export const status: Command = {
  description:
    'Asks every service who it is: process, memory, uptime, socket. Like any command it starts a service that is missing, except one that was stopped with "banger daemon stop".',
  examples: [
    { line: 'banger daemon status', shows: 'a table' },
    { line: 'banger daemon status --json', shows: 'also versions, folders, configuration file' },
  ],
  next: 'banger daemon logs SERVICE reads what one of them says',
  async run(context) {
    const services = await Promise.all(
      servicesOf(context).map((service) => look(context, service)),
    );
    context.out.rows(services, TABLE, toJson);
    const broken = services.some(({ state }) => state === 'unreachable');
    return broken ? EXIT.failed : EXIT.ok;
  },
};

/** rootd answers root alone, and is there only where somebody asked for it. */
export function servicesOf({ uid, paths }: Context): readonly ServiceName[] {
  return uid === 0 && wasStarted(paths, 'rootd') ? [...USER_SERVICES, 'rootd'] : USER_SERVICES;
}

export type Look = {
  service: ServiceName;
  state: 'healthy' | 'stopped' | 'unreachable';
  socket: string;
  why: string;
  info?: GetInfoResponse;
};

/** Longer than a missing service is given to start. */
const ANSWER_MS = 8000;

async function look({ clients, paths, signal }: Context, service: ServiceName): Promise<Look> {
  const socket = socketPath(paths, service);
  if (wasStopped(paths, service)) return { service, state: 'stopped', socket, why: '' };
  try {
    const info = await clients.info(service).getInfo({}, { signal, timeoutMs: ANSWER_MS });
    return { service, state: 'healthy', socket, why: '', info };
  } catch (error) {
    if (!(error instanceof BangerError) || error.reason === 'CANCELLED') throw error;
    return { service, state: 'unreachable', socket, why: error.message };
  }
}

const TABLE: Table<Look> = [
  { title: 'SERVICE', text: ({ service }) => service },
  {
    title: 'STATE',
    text: ({ state, why }) => (why === '' ? state : `${state}: ${why}`),
    shrinks: true,
  },
  {
    title: 'PID',
    text: ({ info }) => (info === undefined ? '-' : String(info.pid)),
    align: 'right',
  },
  { title: 'UPTIME', text: ({ info }) => uptime(info), align: 'right' },
  {
    title: 'MEMORY',
    text: ({ info }) => (info === undefined ? '-' : formatSize(info.memoryBytes)),
    align: 'right',
  },
  { title: 'SOCKET', text: ({ socket }) => socket },
];

function uptime(info: GetInfoResponse | undefined): string {
  return info?.startedAt === undefined
    ? '-'
    : formatDuration(Date.now() - info.startedAt.getTime());
}

export function toJson({ service, state, socket, why, info }: Look): unknown {
  const facts = info === undefined ? {} : { ...info, mode: lowerName(info.mode, 'SERVICE_MODE_') };
  return { service, state, socket, ...(why === '' ? {} : { why }), ...facts };
}
