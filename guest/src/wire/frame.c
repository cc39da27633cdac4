#include "wire/frame.h"

#include <string.h>

#include "wire/bytes.h"

void parser_seek(struct parser *parser) {
    parser->seeking = true;
    parser->tag = 0;
}

void parser_reset(struct parser *parser) {
    parser_seek(parser);
    parser->head = 0;
    parser->fill = 0;
}

uint8_t *parser_room(struct parser *parser, size_t *room) {
    /* What is left is less than a frame, so at least half of the buffer becomes free. */
    if (parser->head > 0) {
        memmove(parser->buffer, parser->buffer + parser->head, parser->fill - parser->head);
        parser->fill -= parser->head;
        parser->head = 0;
    }
    *room = sizeof parser->buffer - parser->fill;
    return parser->buffer + parser->fill;
}

void parser_added(struct parser *parser, size_t length) {
    parser->fill += length;
}

static bool is_type(uint8_t type) {
    return (type >= FRAME_OPEN && type <= FRAME_STOP) ||
           (type >= FRAME_READY && type <= FRAME_ERROR);
}

static bool read_hello(const uint8_t *at, struct hello *hello) {
    hello->oldest_version = get_u16(at + 8);
    hello->newest_version = get_u16(at + 10);
    hello->tag = get_u32(at + 12);
    memcpy(hello->nonce, at + 16, NONCE_BYTES);
    return memcmp(at, HELLO_MAGIC, MAGIC_BYTES) == 0 && hello->tag != 0 &&
           hello->oldest_version <= hello->newest_version;
}

static enum parsed seek_hello(struct parser *parser, struct hello *hello) {
    while (parser->head < parser->fill) {
        size_t have = parser->fill - parser->head;
        const uint8_t *at = memchr(parser->buffer + parser->head, HELLO_MAGIC[0] & 0xff, have);
        parser->head = at == NULL ? parser->fill : (size_t)(at - parser->buffer);
        if (parser->fill - parser->head < HELLO_BYTES) return PARSED_NOTHING;
        if (read_hello(at, hello)) {
            parser->head += HELLO_BYTES;
            parser->tag = hello->tag;
            parser->seeking = false;
            return PARSED_HELLO;
        }
        parser->head++;
    }
    return PARSED_NOTHING;
}

/*
 * A frame with the wrong tag is dropped whole: its payload is somebody's data and may hold anything,
 * a hello too. A header that makes no sense is looked through again, because a hello may begin in it.
 */
static enum parsed nonsense(struct parser *parser, size_t drop) {
    parser->head += drop;
    parser_seek(parser);
    return PARSED_NONSENSE;
}

enum parsed parser_next(struct parser *parser, struct frame *frame, struct hello *hello) {
    if (parser->seeking) return seek_hello(parser, hello);
    size_t have = parser->fill - parser->head;
    if (have < HEADER_BYTES) return PARSED_NOTHING;
    const uint8_t *at = parser->buffer + parser->head;
    frame->length = get_u32(at);
    frame->type = at[4];
    frame->channel = at[5];
    frame->flags = get_u16(at + 6);
    frame->stream = get_u32(at + 8);
    frame->payload = at + HEADER_BYTES;
    if (frame->length > PAYLOAD_MAX || !is_type(frame->type)) return nonsense(parser, 0);
    size_t whole = HEADER_BYTES + frame->length + TAG_BYTES;
    if (have < whole) return PARSED_NOTHING;
    if (get_u32(frame->payload + frame->length) != parser->tag) return nonsense(parser, whole);
    parser->head += whole;
    return PARSED_FRAME;
}

size_t frame_seal(uint8_t *at, const struct frame *frame, uint32_t tag) {
    set_u32(at, frame->length);
    at[4] = frame->type;
    at[5] = frame->channel;
    set_u16(at + 6, frame->flags);
    set_u32(at + 8, frame->stream);
    set_u32(at + HEADER_BYTES + frame->length, tag);
    return HEADER_BYTES + frame->length + TAG_BYTES;
}

void welcome_write(uint8_t at[HELLO_BYTES], const struct hello *hello, uint16_t version) {
    memcpy(at, WELCOME_MAGIC, MAGIC_BYTES);
    set_u16(at + 8, version);
    set_u16(at + 10, PROTOCOL_VERSION);
    set_u32(at + 12, hello->tag);
    memcpy(at + 16, hello->nonce, NONCE_BYTES);
}
