import type { Call } from '#kit/call.ts';
import type { BootPhase } from './vm.ts';

/** A guest whose agent answers. */
export type Guest = {
  readonly bootId: string;
  /** Steps of the boot by the guest's own clock. */
  readonly phases: readonly BootPhase[];
  /** Resolves when the channel is lost or was closed. Never rejects. */
  readonly closed: Promise<void>;
  exec(call: Call, request: ExecRequest): Promise<GuestExec>;
  attach(call: Call, execId: string): Promise<GuestExec>;
  listExecs(call: Call): Promise<ExecRecord[]>;
  /** Writes a tar stream below a folder; answers what arrived. */
  unpack(call: Call, request: UnpackRequest, tar: AsyncIterable<Uint8Array>): Promise<UnpackResult>;
  /** What lies at a path, links followed. */
  findFile(call: Call, guestPath: string): Promise<FoundFile | undefined>;
  pack(call: Call, guestPath: string): AsyncIterable<Uint8Array>;
  /** Packs what the paths below the folder name. */
  packFiles(call: Call, folder: string, paths: readonly Buffer[]): AsyncIterable<Uint8Array>;
  /** What is in one folder, in no order. */
  list(call: Call, folder: Buffer): AsyncIterable<GuestFile>;
  /** Everything below a folder by its path from there, in one turn. Folders named `skipped` are not looked into. */
  listTree(call: Call, folder: Buffer, skipped: string): AsyncIterable<GuestFile>;
  listPorts(call: Call): Promise<GuestPort[]>;
  readFigures(call: Call): Promise<GuestFigures>;
  /** A connection to something that listens in the guest. */
  dial(call: Call, port: number, protocol: 'tcp' | 'udp'): Promise<GuestConnection>;
  setClock(call: Call, now: Date): Promise<void>;
  /** Writes everything to the disks and turns the machine off. Answers when the guest has begun to. */
  powerOff(call: Call): Promise<void>;
  close(): void;
};

export type ExecRequest = {
  arguments: readonly string[];
  environment: readonly string[];
  workingDir: string;
  user: string;
  terminal?: TerminalSize;
  detach: boolean;
};

export type TerminalSize = { rows: number; columns: number };

export type ExecExit = { status: number } | { signal: number };

export type ExecOutput = { stream: 'stdout' | 'stderr'; data: Uint8Array };

/** A program in the guest. Output that is not read holds the program back; nothing piles up here. */
export type GuestExec = {
  readonly execId: string;
  readonly guestPid: number;
  output(): AsyncIterable<ExecOutput>;
  /** Answers when the guest has room for more. */
  write(data: Uint8Array): Promise<void>;
  endInput(): Promise<void>;
  resize(size: TerminalSize): Promise<void>;
  signal(signal: number): Promise<void>;
  readonly exit: Promise<ExecExit>;
  /** Lets the program go: a foreground one is ended by the guest. */
  release(): void;
};

export type ExecRecord = {
  execId: string;
  arguments: readonly string[];
  guestPid: number;
  startedAt: Date;
  exit?: ExecExit;
};

export type GuestFile = {
  /** Bytes, as file systems have them; nothing holds a hostile guest to sensible ones. */
  name: Buffer;
  kind: 'file' | 'folder' | 'link' | 'other';
  mode: number;
  sizeBytes: number;
  target: Buffer;
  /** When the guest's kernel last saw anything of it change. */
  changedAt: Date;
  /** Whether its modification time has no fraction of a second. */
  wholeSecond: boolean;
};

export type FoundFile = Pick<GuestFile, 'kind' | 'mode' | 'sizeBytes'>;

export type UnpackRequest = { guestPath: string; owner: string };
export type UnpackResult = { entries: number; sizeBytes: number };

export type GuestPort = {
  protocol: 'tcp' | 'udp';
  address: string;
  port: number;
  guestPid: number;
  process: string;
};

export type GuestFigures = {
  memoryTotalBytes: number;
  memoryAvailableBytes: number;
  cpuBusyMs: number;
  cpuTotalMs: number;
  load1m: number;
  diskTotalBytes: number;
  diskFreeBytes: number;
  uptimeMs: number;
  networkReceivedBytes: number;
  networkSentBytes: number;
};

export type GuestConnection = {
  read(): AsyncIterable<Uint8Array>;
  write(data: Uint8Array): Promise<void>;
  end(): Promise<void>;
  close(): void;
};
