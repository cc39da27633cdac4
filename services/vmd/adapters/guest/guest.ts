import type { Duplex, Readable, Writable } from 'node:stream';

/** What the guest said of itself when it was greeted. */
export type GuestReady = {
  readonly version: string;
  /** New with every boot of the guest. */
  readonly bootId: string;
  readonly kernel: string;
  /** Path of PID 1's program, or "banger" when the guest program is PID 1. */
  readonly init: string;
  /** The guest's clock since boot when it answered, and when each step of the boot was done. */
  readonly answeredNs: number;
  readonly phases: readonly BootPhase[];
  /** What went wrong without stopping the boot. */
  readonly warnings: readonly string[];
};

export type BootPhase = { readonly name: string; readonly atNs: number };

export type TerminalSize = { readonly rows: number; readonly columns: number };

export type ExecRequest = {
  readonly argv: readonly string[];
  /** "NAME=value"; the guest adds PATH, HOME, USER, LOGNAME and SHELL where they are missing. */
  readonly env?: readonly string[];
  /** The user's home, or / without one, when not given. */
  readonly folder?: string;
  /** "user", "uid", "user:group"; root when not given. */
  readonly user?: string;
  /** Without it the command reads nothing and `stdin` is destroyed from the start. */
  readonly stdin?: boolean;
  /** A terminal instead of pipes; standard error then comes on standard output. */
  readonly terminal?: TerminalSize;
};

export type GuestExit =
  | { readonly kind: 'exited'; readonly status: number; readonly droppedBytes: number }
  | { readonly kind: 'signaled'; readonly signal: number; readonly droppedBytes: number }
  /** 127: no such command; 126: it is there but cannot run, or its user or folder is wrong. */
  | { readonly kind: 'not-started'; readonly status: number; readonly message: string };

/**
 * A command in the guest. Its output must be read (or `resume()`d): what nobody reads stops the
 * command, as a full pipe does.
 */
export type GuestProcess = {
  /** Fulfilled with its pid in the guest when it runs; rejected when it did not start. */
  readonly started: Promise<number>;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Rejected only when the guest cannot be reached any more or the request was cancelled. */
  wait(): Promise<GuestExit>;
  /** Sends the signal of this number to the command's process group. */
  signal(number: number): void;
  resize(size: TerminalSize): void;
  /** Ends the command: SIGHUP, then SIGKILL. An attached one lives on. */
  cancel(): void;
};

export type DetachedProcess = {
  readonly handle: number;
  readonly pid: number;
  readonly state: 'running' | 'exited' | 'signaled';
  /** The exit status or the signal, once it has ended. */
  readonly value: number;
  readonly terminal: boolean;
  readonly attached: boolean;
  readonly startedNs: number;
  readonly endedNs: number;
  readonly name: string;
};

/** As `lstat` in the guest says; names and targets are bytes, as file systems have them. */
export type GuestFile = {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly links: number;
  readonly sizeBytes: number;
  readonly mtimeSeconds: number;
  readonly mtimeNanoseconds: number;
  /** When the guest's kernel last saw anything of the file change; no program can set it back. */
  readonly ctimeSeconds: number;
  readonly ctimeNanoseconds: number;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
  readonly target: Buffer;
};

export type UnpackOptions = {
  readonly createFolder?: boolean;
  /** Instead of the owners in the archive. */
  readonly owner?: { readonly uid: number; readonly gid: number };
};

export type PackOptions = {
  /** Paths below the folder; the folder's whole content when not given. */
  readonly names?: readonly (string | Buffer)[];
  readonly oneFileSystem?: boolean;
};

export type TransferTotals = { readonly entries: number; readonly bytes: number };

/** A tar stream from the guest. `totals` tells whether it is whole. */
export type GuestArchive = { readonly stream: Readable; readonly totals: Promise<TransferTotals> };

export type ListeningPort = {
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
  readonly uid: number;
  /** 0 and '' when the owner could not be told. */
  readonly pid: number;
  readonly processName: string;
};

export type GuestFigures = {
  readonly uptimeNs: number;
  readonly memory: {
    readonly totalBytes: number;
    readonly freeBytes: number;
    readonly availableBytes: number;
    readonly buffersBytes: number;
    readonly cachedBytes: number;
    readonly swapTotalBytes: number;
    readonly swapFreeBytes: number;
  };
  /** Microseconds since boot, summed over all CPUs. */
  readonly cpu: {
    readonly count: number;
    readonly userUs: number;
    readonly niceUs: number;
    readonly systemUs: number;
    readonly idleUs: number;
    readonly iowaitUs: number;
    readonly irqUs: number;
    readonly softirqUs: number;
    readonly stealUs: number;
  };
  readonly load: {
    readonly one: number;
    readonly five: number;
    readonly fifteen: number;
    readonly running: number;
    readonly processes: number;
  };
  readonly mounts: readonly GuestMount[];
  readonly disks: readonly GuestDisk[];
  readonly links: readonly GuestLink[];
};

export type GuestMount = {
  readonly path: string;
  readonly totalBytes: number;
  readonly freeBytes: number;
  readonly availableBytes: number;
  readonly inodes: number;
  readonly freeInodes: number;
};

export type GuestDisk = {
  readonly name: string;
  readonly reads: number;
  readonly readBytes: number;
  readonly writes: number;
  readonly writtenBytes: number;
};

export type GuestLink = {
  readonly name: string;
  readonly receivedBytes: number;
  readonly receivedPackets: number;
  readonly sentBytes: number;
  readonly sentPackets: number;
};

export type PowerOptions = {
  /** Lets systemd shut down in its own time, where it runs. */
  readonly askInit?: boolean;
  /** Between SIGTERM and SIGKILL for what runs. */
  readonly graceMs?: number;
};

export type CallOptions = { readonly signal?: AbortSignal | undefined };

/** A guest that answered. Aborting a call's signal gives that call up, in the guest too. */
export type Guest = {
  readonly ready: GuestReady;
  /** Fulfilled with the reason once the guest cannot be reached through this connection. */
  readonly closed: Promise<Error>;
  close(): void;
  ping(options?: CallOptions): Promise<void>;
  exec(request: ExecRequest, options?: CallOptions): GuestProcess;
  /** Starts a command that outlives this connection; its output is kept in a bounded ring. */
  execDetached(
    request: ExecRequest,
    options?: CallOptions,
  ): Promise<{ handle: number; pid: number }>;
  /** Shows a detached command's output, with `replay` from the oldest byte that was kept. */
  attach(handle: number, options?: CallOptions & { replay?: boolean }): GuestProcess;
  processes(options?: CallOptions): Promise<DetachedProcess[]>;
  unpack(
    folder: string,
    archive: AsyncIterable<Buffer>,
    options?: CallOptions & UnpackOptions,
  ): Promise<TransferTotals>;
  pack(folder: string, options?: CallOptions & PackOptions): GuestArchive;
  stat(path: string, options?: CallOptions & { follow?: boolean }): Promise<GuestFile>;
  list(path: string | Buffer, options?: CallOptions): AsyncIterable<GuestFile & { name: Buffer }>;
  /** Everything below a folder, by paths from it. Folders named `skipped` are told and not entered. */
  listTree(
    path: string | Buffer,
    options?: CallOptions & { skipped?: string },
  ): AsyncIterable<GuestFile & { name: Buffer }>;
  /** `address` is an IP address or "localhost". */
  dialTcp(address: string, port: number, options?: CallOptions): Promise<Duplex>;
  dialUnix(path: string, options?: CallOptions): Promise<Duplex>;
  /** An object stream: one buffer, one datagram, both ways. */
  dialUdp(address: string, port: number, options?: CallOptions): Promise<Duplex>;
  ports(options?: CallOptions): Promise<ListeningPort[]>;
  figures(options?: CallOptions): Promise<GuestFigures>;
  sync(options?: CallOptions): Promise<void>;
  /** Fulfilled when the guest has begun; that it is off shows by the VMM's end. */
  powerOff(options?: CallOptions & PowerOptions): Promise<void>;
  reboot(options?: CallOptions & PowerOptions): Promise<void>;
  setClock(time: Date, options?: CallOptions): Promise<void>;
  addEntropy(bytes: Buffer, options?: CallOptions): Promise<void>;
  /** Lines of "key value"; docs/guest-protocol.md has the keys. */
  setIdentity(config: string, options?: CallOptions): Promise<void>;
};
