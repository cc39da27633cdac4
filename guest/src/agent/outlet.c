#include "agent/outlet.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define FRAMES_IN_A_ROW 4
/* A process left behind may write to its terminal for ever; it is not heard longer than this. */
#define LAST_FRAMES_MAX 64
/*
 * The port's driver sends at most 32 KiB at once, and each time costs a turn through the VMM: so
 * that a whole frame makes two of them, and not three.
 */
#define BULK_BYTES (2 * 32768 - HEADER_BYTES - TAG_BYTES)

static void arm(void *owner) {
    struct outlet *outlet = owner;
    if (outlet->over) return;
    if (outlet->stream == NULL || outlet->credit > 0) {
        /* A terminal that is to be read dry is tried though it has nothing: it can be written to. */
        uint32_t events = outlet->until_dry ? EPOLLIN | EPOLLOUT : EPOLLIN;
        watch_set(outlet->session->loop, &outlet->watch, events);
    } else {
        /* Paused, not set to 0: a hang-up of the writer would be reported without end. */
        watch_pause(outlet->session->loop, &outlet->watch);
    }
}

void outlet_close(struct outlet *outlet) {
    if (outlet->over) return;
    outlet->over = true;
    session_unwait(outlet->session, &outlet->waiter);
    watch_close(outlet->session->loop, &outlet->watch);
}

bool outlet_is_done(const struct outlet *outlet) {
    return outlet->over || outlet->stream == NULL;
}

void outlet_detach(struct outlet *outlet) {
    if (outlet->over) return;
    session_unwait(outlet->session, &outlet->waiter);
    outlet->stream = NULL;
    outlet->until_dry = false;
    arm(outlet);
}

static void finish(struct outlet *outlet) {
    struct stream *stream = outlet->stream;
    outlet_close(outlet);
    stream_send(stream, FRAME_END, outlet->channel, NULL);
}

static void finish_limited(struct outlet *outlet) {
    struct stream *stream = outlet->stream;
    outlet_detach(outlet);
    stream_send(stream, FRAME_END, outlet->channel, NULL);
}

static void drop(struct outlet *outlet) {
    char bytes[16384];
    ssize_t got = read(outlet->watch.fd, bytes, sizeof bytes);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) outlet_close(outlet);
}

static size_t may_read(const struct outlet *outlet) {
    /* A datagram is never cut; it may overdraw the credit by less than its own size. */
    if (outlet->datagrams) return PAYLOAD_MAX;
    int64_t most = outlet->credit < BULK_BYTES ? outlet->credit : BULK_BYTES;
    if (outlet->limited && outlet->left < most) most = outlet->left;
    return (size_t)most;
}

static void count(struct outlet *outlet, int64_t bytes) {
    outlet->credit -= bytes;
    if (outlet->limited) outlet->left -= bytes;
}

/* True when there may be more to forward at once. */
static bool forward(struct outlet *outlet) {
    struct session *session = outlet->session;
    size_t most = may_read(outlet);
    uint8_t *payload = outbox_payload(&session->outbox, most);
    if (payload == NULL) return false;
    ssize_t got = read(outlet->watch.fd, payload, most);
    if (got < 0 && (errno == EAGAIN || errno == EINTR || errno == ECONNREFUSED)) {
        if (outlet->until_dry) finish_limited(outlet);
        return false;
    }
    if (got < 0 || (got == 0 && !outlet->datagrams)) {
        finish(outlet);
        return false;
    }
    struct frame frame = {.type = FRAME_DATA, .channel = outlet->channel,
                          .stream = outlet->stream->id, .length = (uint32_t)got};
    outbox_seal(&session->outbox, &frame);
    count(outlet, got);
    session_flush(session);
    bool spent = outlet->until_dry && --outlet->frames_left == 0;
    if (spent || (outlet->limited && outlet->left == 0)) finish_limited(outlet);
    bool filled = (size_t)got == most && outbox_empty(&session->outbox);
    return filled && !outlet_is_done(outlet) && outlet->credit > 0;
}

static void readable(void *owner, uint32_t events) {
    struct outlet *outlet = owner;
    (void)events;
    if (outlet->stream == NULL) {
        drop(outlet);
    } else if (outbox_ready(&outlet->session->outbox)) {
        /* A busy pipe fills frame after frame; the others get their turn all the same. */
        for (int round = 0; round < FRAMES_IN_A_ROW && forward(outlet); round++) continue;
        if (!outlet_is_done(outlet) && outlet->credit <= 0) arm(outlet);
    } else {
        watch_pause(outlet->session->loop, &outlet->watch);
        session_wait(outlet->session, &outlet->waiter);
    }
    if (outlet->moved != NULL) outlet->moved(outlet->owner);
}

void outlet_open(struct outlet *outlet, struct stream *stream, int fd, uint8_t channel,
                 uint32_t credit) {
    outlet->watch = (struct watch){.fd = fd, .ready = readable, .owner = outlet};
    outlet->waiter = (struct waiter){.resume = arm, .owner = outlet};
    outlet->session = stream->session;
    outlet->stream = stream;
    outlet->channel = channel;
    outlet->credit = credit;
    outlet->over = false;
    arm(outlet);
}

void outlet_credit(struct outlet *outlet, uint32_t bytes) {
    if (outlet_is_done(outlet)) return;
    bool was_dry = outlet->credit <= 0;
    outlet->credit += bytes;
    if (was_dry && !outlet->waiter.waiting) arm(outlet);
}

void outlet_limit(struct outlet *outlet) {
    int waiting = 0;
    if (outlet_is_done(outlet) || outlet->limited) return;
    ioctl(outlet->watch.fd, FIONREAD, &waiting);
    outlet->limited = true;
    outlet->left = waiting < 0 ? 0 : waiting;
    if (outlet->left == 0) finish_limited(outlet);
}

void outlet_limit_terminal(struct outlet *outlet) {
    if (outlet_is_done(outlet)) return;
    outlet->until_dry = true;
    outlet->frames_left = LAST_FRAMES_MAX;
    if (!outlet->waiter.waiting) arm(outlet);
}
