/* The newest bytes of an output, in a buffer of fixed size; positions count from its beginning. */
#ifndef BANGER_AGENT_RING_H
#define BANGER_AGENT_RING_H

#include <stddef.h>
#include <stdint.h>

#define RING_BYTES 131072

struct ring {
    /* RING_BYTES long; made on the first write. */
    uint8_t *bytes;
    /* How many bytes were ever written. */
    uint64_t head;
};

/* Where the next bytes go and how many fit there at once; NULL when out of memory. */
uint8_t *ring_room(struct ring *ring, size_t *room);
void ring_added(struct ring *ring, size_t length);
/*
 * The bytes from `*position` that lie together, at most `limit`. A position that was overwritten
 * moves on to the oldest byte there is; what was skipped is added to `*dropped`.
 */
const uint8_t *ring_peek(const struct ring *ring, uint64_t *position, size_t limit, size_t *length,
                         uint64_t *dropped);
void ring_free(struct ring *ring);

#endif
