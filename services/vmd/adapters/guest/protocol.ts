/** The numbers of docs/guest-protocol.md; protocol.test.ts holds them equal to guest/src/wire/protocol.h. */
export const PROTOCOL_VERSION = 1;

export const HELLO_BYTES = 32;
export const HELLO_MAGIC = Buffer.from('\x93BANGER\n', 'latin1');
export const WELCOME_MAGIC = Buffer.from('\x93banger\n', 'latin1');
export const NONCE_BYTES = 16;

export const HEADER_BYTES = 12;
export const TAG_BYTES = 4;
export const PAYLOAD_MAX = 65_536;
export const FRAME_MAX = HEADER_BYTES + PAYLOAD_MAX + TAG_BYTES;
export const REQUEST_MAX = 1_048_576;

export const FLAG_MORE = 1;

export const FRAME = {
  OPEN: 0x01,
  DATA: 0x02,
  END: 0x03,
  CREDIT: 0x04,
  CANCEL: 0x05,
  SIGNAL: 0x06,
  RESIZE: 0x07,
  STOP: 0x08,
  READY: 0x11,
  FAILED: 0x12,
  ACCEPTED: 0x13,
  RESULT: 0x14,
  ERROR: 0x15,
} as const;

export const OP = {
  PING: 1,
  EXEC: 2,
  ATTACH: 3,
  PROCESSES: 4,
  UNPACK: 5,
  PACK: 6,
  STAT: 7,
  LIST: 8,
  DIAL: 9,
  PORTS: 10,
  FIGURES: 11,
  SYNC: 12,
  POWER: 13,
  SET_CLOCK: 14,
  ADD_ENTROPY: 15,
  SET_IDENTITY: 16,
  LIST_TREE: 17,
} as const;

export const CHANNEL_IN = 0;
export const CHANNEL_OUT = 1;
export const CHANNEL_ERR = 2;

export const EXEC_STDIN = 1;
export const EXEC_PTY = 2;
export const EXEC_DETACHED = 4;

export const ENDED_EXITED = 0;
export const ENDED_SIGNALED = 1;
export const STILL_RUNNING = 2;

export const UNPACK_CREATE_FOLDER = 1;
export const UNPACK_SET_OWNER = 2;
export const PACK_ONE_FILE_SYSTEM = 1;
export const STAT_FOLLOW = 1;
export const ATTACH_REPLAY = 1;

export const DIAL_TCP = 1;
export const DIAL_UNIX = 2;
export const DIAL_UDP = 3;

export const POWER_OFF = 0;
export const POWER_REBOOT = 1;
export const POWER_ASK_INIT = 1;
