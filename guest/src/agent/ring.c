#include "agent/ring.h"

#include <stdlib.h>

uint8_t *ring_room(struct ring *ring, size_t *room) {
    if (ring->bytes == NULL) ring->bytes = malloc(RING_BYTES);
    if (ring->bytes == NULL) return NULL;
    size_t at = (size_t)(ring->head % RING_BYTES);
    *room = RING_BYTES - at;
    return ring->bytes + at;
}

void ring_added(struct ring *ring, size_t length) {
    ring->head += length;
}

const uint8_t *ring_peek(const struct ring *ring, uint64_t *position, size_t limit, size_t *length,
                         uint64_t *dropped) {
    uint64_t oldest = ring->head > RING_BYTES ? ring->head - RING_BYTES : 0;
    if (*position < oldest) {
        *dropped += oldest - *position;
        *position = oldest;
    }
    size_t at = (size_t)(*position % RING_BYTES);
    *length = (size_t)(ring->head - *position);
    if (*length > RING_BYTES - at) *length = RING_BYTES - at;
    if (*length > limit) *length = limit;
    return ring->bytes == NULL ? NULL : ring->bytes + at;
}

void ring_free(struct ring *ring) {
    free(ring->bytes);
    *ring = (struct ring){.bytes = NULL};
}
