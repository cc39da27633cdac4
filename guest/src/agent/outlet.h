/*
 * Bytes from a pipe, pty or socket of the guest to the host, read only as far as the host gave
 * credit and the outbox has room: what is not read yet waits in the kernel, so memory stays flat.
 */
#ifndef BANGER_AGENT_OUTLET_H
#define BANGER_AGENT_OUTLET_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/session.h"

struct outlet {
    struct watch watch;
    struct waiter waiter;
    struct session *session;
    /* NULL: nobody listens; what comes is read and dropped, so that its writer can go on. */
    struct stream *stream;
    uint8_t channel;
    bool over;
    /* Each read is a frame of its own and an empty one counts. */
    bool datagrams;
    /* Below 0 after a datagram that was larger than what was left. */
    int64_t credit;
    /* Once `limited`, the outlet is over after this many more bytes, */
    bool limited;
    int64_t left;
    /* or, a terminal's, as soon as a read finds nothing. */
    bool until_dry;
    int frames_left;
    /* Called after every read, and when it is over; may free the outlet's owner. */
    void (*moved)(void *owner);
    void *owner;
};

void outlet_open(struct outlet *outlet, struct stream *stream, int fd, uint8_t channel,
                 uint32_t credit);
void outlet_credit(struct outlet *outlet, uint32_t bytes);
/* The host got its end mark, or nobody listens any more. */
bool outlet_is_done(const struct outlet *outlet);
/*
 * Sends only what is in the pipe now and then the end mark, though somebody may still hold the
 * pipe's other side. From then on it is as if detached.
 */
void outlet_limit(struct outlet *outlet);
/*
 * The same for a terminal, which cannot say how much it holds: part of it is still on its way from
 * the other side, and only a read brings it here (drivers/tty/n_tty.c).
 */
void outlet_limit_terminal(struct outlet *outlet);
/* Reads and drops from here on. */
void outlet_detach(struct outlet *outlet);
void outlet_close(struct outlet *outlet);

#endif
