/*
 * Frames: how they look, and the parser that finds them in a stream of bytes whose writer may have
 * vanished in the middle of one. docs/guest-protocol.md says why the filler and the tag are enough
 * to find the way back.
 */
#ifndef BANGER_WIRE_FRAME_H
#define BANGER_WIRE_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/protocol.h"

struct frame {
    uint8_t type;
    uint8_t channel;
    uint16_t flags;
    uint32_t stream;
    uint32_t length;
    /* Inside the parser's buffer; good until the parser is asked for room again. */
    const uint8_t *payload;
};

struct hello {
    uint16_t oldest_version;
    uint16_t newest_version;
    uint32_t tag;
    uint8_t nonce[NONCE_BYTES];
};

struct parser {
    /* Only a hello is looked for; everything else is dropped. */
    bool seeking;
    uint32_t tag;
    size_t head;
    size_t fill;
    uint8_t buffer[2 * FRAME_MAX];
};

enum parsed {
    /* Needs more bytes. */
    PARSED_NOTHING,
    PARSED_FRAME,
    /* A peer introduced itself; from here on frames must carry its tag. */
    PARSED_HELLO,
    /* The bytes made no sense: the session they belonged to is over, a hello is awaited. */
    PARSED_NONSENSE,
};

void parser_reset(struct parser *parser);
/* The session is over: frames are no longer believed, bytes already here are looked through. */
void parser_seek(struct parser *parser);
/* Where to put the next bytes; `*room` is never 0 after parser_next returned PARSED_NOTHING. */
uint8_t *parser_room(struct parser *parser, size_t *room);
void parser_added(struct parser *parser, size_t length);
enum parsed parser_next(struct parser *parser, struct frame *frame, struct hello *hello);

/* `at` has FRAME_MAX bytes; the payload is in place already, HEADER_BYTES behind `at`. */
size_t frame_seal(uint8_t *at, const struct frame *frame, uint32_t tag);
void welcome_write(uint8_t at[HELLO_BYTES], const struct hello *hello, uint16_t version);

#endif
