/*
 * Fields of messages: little-endian numbers, and texts with a u32 length before them.
 * A reader that runs over its end, and a writer that runs out of room, remember it and go on
 * harmlessly; whoever uses them asks once, at the end.
 */
#ifndef BANGER_WIRE_BYTES_H
#define BANGER_WIRE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reader {
    const uint8_t *at;
    const uint8_t *end;
    bool failed;
};

struct reader read_from(const uint8_t *bytes, size_t length);
uint8_t take_u8(struct reader *reader);
uint16_t take_u16(struct reader *reader);
uint32_t take_u32(struct reader *reader);
uint64_t take_u64(struct reader *reader);
/* Points into the message; `*length` says how far. */
const uint8_t *take_bytes(struct reader *reader, size_t *length);
/*
 * Copies a text into `buffer` and ends it with NUL. A text that holds a NUL or that does not fit
 * fails the reader: no name is ever cut short in silence.
 */
void take_text(struct reader *reader, char *buffer, size_t capacity);
/* True when every field was there and nothing is left over. */
bool taken_whole(const struct reader *reader);

struct writer {
    uint8_t *start;
    uint8_t *at;
    uint8_t *end;
    bool overflow;
};

struct writer write_into(uint8_t *bytes, size_t capacity);
void put_u8(struct writer *writer, uint8_t value);
void put_u16(struct writer *writer, uint16_t value);
void put_u32(struct writer *writer, uint32_t value);
void put_u64(struct writer *writer, uint64_t value);
void put_bytes(struct writer *writer, const void *bytes, size_t length);
/* A u32 length, then the text without its NUL. */
void put_text(struct writer *writer, const char *text);
size_t written(const struct writer *writer);

uint16_t get_u16(const uint8_t *at);
uint32_t get_u32(const uint8_t *at);
uint64_t get_u64(const uint8_t *at);
void set_u16(uint8_t *at, uint16_t value);
void set_u32(uint8_t *at, uint32_t value);
void set_u64(uint8_t *at, uint64_t value);

#endif
