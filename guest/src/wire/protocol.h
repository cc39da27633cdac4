/* The numbers of docs/guest-protocol.md. The TypeScript side's test reads this file and compares. */
#ifndef BANGER_WIRE_PROTOCOL_H
#define BANGER_WIRE_PROTOCOL_H

#define PROTOCOL_VERSION 1

#define HELLO_BYTES 32
#define HELLO_MAGIC "\x93" "BANGER\n"
#define WELCOME_MAGIC "\x93" "banger\n"
#define MAGIC_BYTES 8
#define NONCE_BYTES 16

#define HEADER_BYTES 12
#define TAG_BYTES 4
#define PAYLOAD_MAX 65536
#define FRAME_MAX (HEADER_BYTES + PAYLOAD_MAX + TAG_BYTES)
/* A request may span several OPEN frames; together they hold at most this. */
#define REQUEST_MAX 1048576
#define STREAMS_MAX 512

#define FLAG_MORE 1

enum frame_type {
    FRAME_OPEN = 0x01,
    FRAME_DATA = 0x02,
    FRAME_END = 0x03,
    FRAME_CREDIT = 0x04,
    FRAME_CANCEL = 0x05,
    FRAME_SIGNAL = 0x06,
    FRAME_RESIZE = 0x07,
    FRAME_STOP = 0x08,
    FRAME_READY = 0x11,
    FRAME_FAILED = 0x12,
    FRAME_ACCEPTED = 0x13,
    FRAME_RESULT = 0x14,
    FRAME_ERROR = 0x15,
};

enum operation {
    OP_PING = 1,
    OP_EXEC = 2,
    OP_ATTACH = 3,
    OP_PROCESSES = 4,
    OP_UNPACK = 5,
    OP_PACK = 6,
    OP_STAT = 7,
    OP_LIST = 8,
    OP_DIAL = 9,
    OP_PORTS = 10,
    OP_FIGURES = 11,
    OP_SYNC = 12,
    OP_POWER = 13,
    OP_SET_CLOCK = 14,
    OP_ADD_ENTROPY = 15,
    OP_SET_IDENTITY = 16,
    OP_LIST_TREE = 17,
};

#define CHANNEL_IN 0
#define CHANNEL_OUT 1
#define CHANNEL_ERR 2

#define EXEC_STDIN 1
#define EXEC_PTY 2
#define EXEC_DETACHED 4

#define ENDED_EXITED 0
#define ENDED_SIGNALED 1
#define STILL_RUNNING 2

#define UNPACK_CREATE_FOLDER 1
#define UNPACK_SET_OWNER 2
#define PACK_ONE_FILE_SYSTEM 1
#define STAT_FOLLOW 1
#define ATTACH_REPLAY 1

#define DIAL_TCP 1
#define DIAL_UNIX 2
#define DIAL_UDP 3

#define POWER_OFF 0
#define POWER_REBOOT 1
#define POWER_ASK_INIT 1

#endif
