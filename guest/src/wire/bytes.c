#include "wire/bytes.h"

#include <string.h>

uint16_t get_u16(const uint8_t *at) {
    return (uint16_t)(at[0] | at[1] << 8);
}

uint32_t get_u32(const uint8_t *at) {
    return (uint32_t)get_u16(at) | (uint32_t)get_u16(at + 2) << 16;
}

uint64_t get_u64(const uint8_t *at) {
    return (uint64_t)get_u32(at) | (uint64_t)get_u32(at + 4) << 32;
}

void set_u16(uint8_t *at, uint16_t value) {
    at[0] = (uint8_t)(value & 0xff);
    at[1] = (uint8_t)(value >> 8);
}

void set_u32(uint8_t *at, uint32_t value) {
    set_u16(at, (uint16_t)(value & 0xffff));
    set_u16(at + 2, (uint16_t)(value >> 16));
}

void set_u64(uint8_t *at, uint64_t value) {
    set_u32(at, (uint32_t)(value & 0xffffffff));
    set_u32(at + 4, (uint32_t)(value >> 32));
}

struct reader read_from(const uint8_t *bytes, size_t length) {
    return (struct reader){.at = bytes, .end = bytes + length, .failed = false};
}

static const uint8_t *take(struct reader *reader, size_t length) {
    if (reader->failed || length > (size_t)(reader->end - reader->at)) {
        reader->failed = true;
        return NULL;
    }
    const uint8_t *start = reader->at;
    reader->at += length;
    return start;
}

uint8_t take_u8(struct reader *reader) {
    const uint8_t *at = take(reader, 1);
    return at == NULL ? 0 : at[0];
}

uint16_t take_u16(struct reader *reader) {
    const uint8_t *at = take(reader, 2);
    return at == NULL ? 0 : get_u16(at);
}

uint32_t take_u32(struct reader *reader) {
    const uint8_t *at = take(reader, 4);
    return at == NULL ? 0 : get_u32(at);
}

uint64_t take_u64(struct reader *reader) {
    const uint8_t *at = take(reader, 8);
    return at == NULL ? 0 : get_u64(at);
}

const uint8_t *take_bytes(struct reader *reader, size_t *length) {
    *length = take_u32(reader);
    const uint8_t *at = take(reader, *length);
    if (at == NULL) *length = 0;
    return at;
}

void take_text(struct reader *reader, char *buffer, size_t capacity) {
    size_t length = 0;
    const uint8_t *at = take_bytes(reader, &length);
    buffer[0] = '\0';
    if (at == NULL) return;
    if (length >= capacity || memchr(at, 0, length) != NULL) {
        reader->failed = true;
        return;
    }
    memcpy(buffer, at, length);
    buffer[length] = '\0';
}

bool taken_whole(const struct reader *reader) {
    return !reader->failed && reader->at == reader->end;
}

struct writer write_into(uint8_t *bytes, size_t capacity) {
    return (struct writer){.start = bytes, .at = bytes, .end = bytes + capacity, .overflow = false};
}

static uint8_t *extend(struct writer *writer, size_t length) {
    if (writer->overflow || length > (size_t)(writer->end - writer->at)) {
        writer->overflow = true;
        return NULL;
    }
    uint8_t *start = writer->at;
    writer->at += length;
    return start;
}

void put_u8(struct writer *writer, uint8_t value) {
    uint8_t *at = extend(writer, 1);
    if (at != NULL) at[0] = value;
}

void put_u16(struct writer *writer, uint16_t value) {
    uint8_t *at = extend(writer, 2);
    if (at != NULL) set_u16(at, value);
}

void put_u32(struct writer *writer, uint32_t value) {
    uint8_t *at = extend(writer, 4);
    if (at != NULL) set_u32(at, value);
}

void put_u64(struct writer *writer, uint64_t value) {
    uint8_t *at = extend(writer, 8);
    if (at != NULL) set_u64(at, value);
}

void put_bytes(struct writer *writer, const void *bytes, size_t length) {
    uint8_t *at = extend(writer, length);
    if (at != NULL && length > 0) memcpy(at, bytes, length);
}

void put_text(struct writer *writer, const char *text) {
    size_t length = strlen(text);
    put_u32(writer, (uint32_t)length);
    put_bytes(writer, text, length);
}

size_t written(const struct writer *writer) {
    return (size_t)(writer->at - writer->start);
}
