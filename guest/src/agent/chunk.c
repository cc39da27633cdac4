#include "agent/chunk.h"

#include <stdlib.h>
#include <string.h>

/* Smaller ones come from memory that malloc keeps anyway. */
#define LARGE 8192

static struct chunk *take_kept(struct chunk_pool *pool) {
    struct chunk *chunk = pool->first;
    if (chunk == NULL) return NULL;
    pool->first = chunk->next;
    pool->count--;
    return chunk;
}

struct chunk *chunk_make(struct chunk_pool *pool, const uint8_t *bytes, uint32_t length) {
    uint32_t capacity = length < LARGE ? length : PAYLOAD_MAX;
    struct chunk *chunk = capacity == PAYLOAD_MAX ? take_kept(pool) : NULL;
    if (chunk == NULL) chunk = malloc(sizeof *chunk + capacity);
    if (chunk == NULL) return NULL;
    *chunk = (struct chunk){.length = length, .capacity = capacity};
    memcpy(chunk->bytes, bytes, length);
    return chunk;
}

void chunk_drop(struct chunk_pool *pool, struct chunk *chunk) {
    if (chunk->capacity < PAYLOAD_MAX || pool->count == CHUNKS_KEPT) {
        free(chunk);
        return;
    }
    chunk->next = pool->first;
    pool->first = chunk;
    pool->count++;
}
