/*
 * Frames on their way out, in one buffer of fixed size. Producers ask outbox_ready first and wait
 * their turn when it says no; what must never wait (credit, end marks) fits in the room that is
 * kept for it, see OUTBOX_READY_BELOW.
 */
#ifndef BANGER_WIRE_OUTBOX_H
#define BANGER_WIRE_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/frame.h"

/* Small enough that a keystroke's echo waits about a millisecond behind bulk data. */
#define OUTBOX_READY_BELOW (2 * FRAME_MAX)
/*
 * One frame may be begun just below the mark. The rest is for frames that never wait: at most two
 * CREDIT, one END each and a STOP for each stream, and they stop coming when nothing is read.
 */
#define OUTBOX_CAPACITY (OUTBOX_READY_BELOW + FRAME_MAX + STREAMS_MAX * 128)

struct outbox {
    uint32_t tag;
    size_t head;
    size_t tail;
    uint8_t bytes[OUTBOX_CAPACITY];
};

/* Forgets everything queued, also a frame that is half sent: its reader is gone. */
void outbox_reset(struct outbox *outbox, uint32_t tag);
bool outbox_ready(const struct outbox *outbox);
bool outbox_empty(const struct outbox *outbox);
/* Room for a payload of up to `length` bytes, to be followed by outbox_seal; NULL when full. */
uint8_t *outbox_payload(struct outbox *outbox, size_t length);
void outbox_seal(struct outbox *outbox, const struct frame *frame);
/* False when it did not fit. */
bool outbox_put(struct outbox *outbox, const struct frame *frame);
bool outbox_put_raw(struct outbox *outbox, const uint8_t *bytes, size_t length);

#endif
