/*
 * Throws bytes at the frame parser: random ones, and honest streams with damage done to them.
 * Whatever comes, it stays inside its buffer (the sanitizer sees to that), goes forward, says the
 * same however the bytes are cut, and finds the next honest greeting.
 */
#include <string.h>

#include "test/check.h"
#include "wire/bytes.h"
#include "wire/frame.h"

#define INPUT_MAX 300000

struct outcome {
    uint64_t digest;
    bool greeted;
};

static void mix(struct outcome *outcome, uint64_t value) {
    outcome->digest = (outcome->digest ^ value) * 0x100000001b3ULL;
}

static void note(struct outcome *outcome, enum parsed parsed, const struct frame *frame,
                 uint32_t last_tag) {
    mix(outcome, (uint64_t)parsed);
    if (parsed == PARSED_HELLO) mix(outcome, last_tag);
    if (parsed != PARSED_FRAME) return;
    mix(outcome, frame->type);
    mix(outcome, frame->stream);
    for (uint32_t at = 0; at < frame->length; at++) mix(outcome, frame->payload[at]);
}

static struct outcome feed(const uint8_t *input, size_t length, uint64_t seed, uint32_t wanted) {
    static struct parser parser;
    struct outcome outcome = {0};
    size_t at = 0;
    parser_reset(&parser);
    for (;;) {
        struct frame frame = {0};
        struct hello hello = {0};
        enum parsed parsed = parser_next(&parser, &frame, &hello);
        if (parsed == PARSED_HELLO) outcome.greeted = hello.tag == wanted;
        if (parsed != PARSED_NOTHING) {
            note(&outcome, parsed, &frame, hello.tag);
            continue;
        }
        if (at == length) return outcome;
        size_t room;
        uint8_t *target = parser_room(&parser, &room);
        CHECK(room > 0);
        size_t part = 1 + random_below(&seed, random_below(&seed, 8) == 0 ? 70000 : 300);
        if (part > length - at) part = length - at;
        if (part > room) part = room;
        memcpy(target, input + at, part);
        parser_added(&parser, part);
        at += part;
    }
}

static size_t put_hello(uint8_t *at, uint32_t tag) {
    memset(at, 0, FRAME_MAX);
    memcpy(at + FRAME_MAX, HELLO_MAGIC, MAGIC_BYTES);
    set_u16(at + FRAME_MAX + 8, 1);
    set_u16(at + FRAME_MAX + 10, 1);
    set_u32(at + FRAME_MAX + 12, tag);
    memset(at + FRAME_MAX + 16, 7, NONCE_BYTES);
    return FRAME_MAX + HELLO_BYTES;
}

/* Payloads hold greetings now and then: what a user sends may be anything. */
static size_t put_frame(uint8_t *at, uint64_t *seed, uint32_t tag) {
    struct frame frame = {.type = (uint8_t)(1 + random_below(seed, 8)),
                          .stream = (uint32_t)random_below(seed, 9),
                          .length = (uint32_t)random_below(seed, 3000)};
    for (uint32_t byte = 0; byte < frame.length; byte++) {
        at[HEADER_BYTES + byte] = (uint8_t)next_random(seed);
    }
    if (frame.length > HELLO_BYTES && random_below(seed, 3) == 0) {
        memcpy(at + HEADER_BYTES, HELLO_MAGIC, MAGIC_BYTES);
        set_u32(at + HEADER_BYTES + 8, 0x00010001);
    }
    return frame_seal(at, &frame, tag);
}

static size_t make_input(uint8_t *input, uint64_t *seed) {
    size_t length = 0;
    if (random_below(seed, 4) > 0) {
        length += put_hello(input, 0x11223344);
        size_t frames = random_below(seed, 20);
        for (size_t at = 0; at < frames; at++) length += put_frame(input + length, seed, 0x11223344);
        size_t damages = random_below(seed, 4);
        for (size_t at = 0; at < damages; at++) {
            input[random_below(seed, length)] = (uint8_t)next_random(seed);
        }
        /* The old host may vanish anywhere. */
        if (random_below(seed, 2) == 0) length -= random_below(seed, 4000 < length ? 4000 : length);
    } else {
        length = random_below(seed, 5000);
        for (size_t at = 0; at < length; at++) input[at] = (uint8_t)next_random(seed);
    }
    return length;
}

int main(int argc, char **argv) {
    static uint8_t input[INPUT_MAX];
    CHECK(argc == 3);
    uint64_t seed = strtoull(argv[1], NULL, 10);
    long rounds = strtol(argv[2], NULL, 10);
    for (long round = 0; round < rounds; round++) {
        uint64_t round_seed = seed + (uint64_t)round * 7919 + 1;
        uint64_t state = round_seed;
        size_t length = make_input(input, &state);
        length += put_hello(input + length, 0x55667788);
        struct outcome one = feed(input, length, round_seed, 0x55667788);
        struct outcome other = feed(input, length, round_seed + 1, 0x55667788);
        if (one.digest != other.digest || !one.greeted || !other.greeted) {
            fprintf(stderr, "seed %llu round %ld: %s\n", (unsigned long long)seed, round,
                    one.digest != other.digest ? "cutting matters" : "the greeting was missed");
            return 1;
        }
    }
    return 0;
}
