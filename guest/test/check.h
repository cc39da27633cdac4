/* The least a test program needs. */
#ifndef BANGER_TEST_CHECK_H
#define BANGER_TEST_CHECK_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition)                                                             \
    do {                                                                             \
        if (!(condition)) {                                                          \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);  \
            exit(1);                                                                 \
        }                                                                            \
    } while (0)

/* xorshift64*: the same numbers for the same seed, on every machine. */
static inline uint64_t next_random(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1dULL;
}

static inline size_t random_below(uint64_t *state, size_t limit) {
    return (size_t)(next_random(state) % limit);
}

#endif
