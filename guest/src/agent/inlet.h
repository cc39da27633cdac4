/*
 * Bytes from the host into a pipe, pty or socket of the guest. What the descriptor does not take at
 * once is kept, bounded by the credit given to the host, and credit is given again as it drains.
 */
#ifndef BANGER_AGENT_INLET_H
#define BANGER_AGENT_INLET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/session.h"

enum inlet_end {
    /* A pipe: no more bytes means that it is closed. */
    INLET_CLOSE,
    /* A socket: its other direction goes on. */
    INLET_SHUTDOWN,
    /* A terminal has no end; the end-of-file character is typed instead. */
    INLET_TYPE_EOF,
};

struct inlet {
    struct watch watch;
    struct session *session;
    struct stream *stream;
    enum inlet_end on_end;
    struct chunk *first;
    struct chunk *last;
    /* Taken by the descriptor, not yet given back to the host as credit. */
    uint32_t owed;
    bool ending;
    /* True also before it is opened, if its owner says so. */
    bool over;
    /* Set when nothing more can be delivered; may free the inlet's owner. */
    void (*done)(void *owner);
    void *owner;
};

/* Takes the descriptor over and gives the host its first credit. */
void inlet_open(struct inlet *inlet, struct stream *stream, int fd, enum inlet_end on_end);
void inlet_data(struct inlet *inlet, const uint8_t *bytes, uint32_t length);
void inlet_end(struct inlet *inlet);
/* Drops what is queued and closes; no frame is sent. */
void inlet_close(struct inlet *inlet);

#endif
