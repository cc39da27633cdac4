/*
 * Pieces of data that wait for their reader. Large ones are used again and again: making memory
 * anew for each costs a guest more than filling it.
 */
#ifndef BANGER_AGENT_CHUNK_H
#define BANGER_AGENT_CHUNK_H

#include <stdint.h>

#include "wire/protocol.h"

#define CHUNKS_KEPT 8

struct chunk {
    struct chunk *next;
    uint32_t at;
    uint32_t length;
    uint32_t capacity;
    uint8_t bytes[];
};

struct chunk_pool {
    struct chunk *first;
    int count;
};

/* A copy of the bytes, at most PAYLOAD_MAX; NULL when out of memory. */
struct chunk *chunk_make(struct chunk_pool *pool, const uint8_t *bytes, uint32_t length);
void chunk_drop(struct chunk_pool *pool, struct chunk *chunk);

#endif
