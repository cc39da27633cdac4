#include "wire/outbox.h"

#include <string.h>

void outbox_reset(struct outbox *outbox, uint32_t tag) {
    outbox->tag = tag;
    outbox->head = 0;
    outbox->tail = 0;
}

bool outbox_ready(const struct outbox *outbox) {
    return outbox->tail - outbox->head < OUTBOX_READY_BELOW;
}

bool outbox_empty(const struct outbox *outbox) {
    return outbox->tail == outbox->head;
}

static bool make_room(struct outbox *outbox, size_t length) {
    if (OUTBOX_CAPACITY - outbox->tail >= length) return true;
    memmove(outbox->bytes, outbox->bytes + outbox->head, outbox->tail - outbox->head);
    outbox->tail -= outbox->head;
    outbox->head = 0;
    return OUTBOX_CAPACITY - outbox->tail >= length;
}

uint8_t *outbox_payload(struct outbox *outbox, size_t length) {
    if (length > PAYLOAD_MAX) return NULL;
    if (!make_room(outbox, HEADER_BYTES + length + TAG_BYTES)) return NULL;
    return outbox->bytes + outbox->tail + HEADER_BYTES;
}

void outbox_seal(struct outbox *outbox, const struct frame *frame) {
    outbox->tail += frame_seal(outbox->bytes + outbox->tail, frame, outbox->tag);
}

bool outbox_put(struct outbox *outbox, const struct frame *frame) {
    uint8_t *payload = outbox_payload(outbox, frame->length);
    if (payload == NULL) return false;
    if (frame->length > 0) memcpy(payload, frame->payload, frame->length);
    outbox_seal(outbox, frame);
    return true;
}

bool outbox_put_raw(struct outbox *outbox, const uint8_t *bytes, size_t length) {
    if (!make_room(outbox, length)) return false;
    memcpy(outbox->bytes + outbox->tail, bytes, length);
    outbox->tail += length;
    return true;
}
