#include "agent/inlet.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

static struct loop *loop_of(struct inlet *inlet) {
    return inlet->session->loop;
}

static void drop_chunks(struct inlet *inlet) {
    while (inlet->first != NULL) {
        struct chunk *chunk = inlet->first;
        inlet->first = chunk->next;
        chunk_drop(&inlet->session->chunks, chunk);
    }
    inlet->last = NULL;
}

void inlet_close(struct inlet *inlet) {
    if (inlet->over) return;
    inlet->over = true;
    drop_chunks(inlet);
    watch_close(loop_of(inlet), &inlet->watch);
}

static void finish(struct inlet *inlet) {
    inlet_close(inlet);
    if (inlet->done != NULL) inlet->done(inlet->owner);
}

/* The reader inside the guest is gone: the host need not send the rest. */
static void refuse_more(struct inlet *inlet) {
    stream_send(inlet->stream, FRAME_STOP, CHANNEL_IN, NULL);
    finish(inlet);
}

static void type_eof(int fd) {
    struct termios terminal;
    if (tcgetattr(fd, &terminal) != 0 || (terminal.c_lflag & (tcflag_t)ICANON) == 0) return;
    /* A full terminal queue loses it, as it loses a key typed too fast. */
    if (write(fd, &terminal.c_cc[VEOF], 1) != 1) return;
}

static void end_now(struct inlet *inlet) {
    if (inlet->on_end == INLET_SHUTDOWN) shutdown(inlet->watch.fd, SHUT_WR);
    if (inlet->on_end == INLET_TYPE_EOF) type_eof(inlet->watch.fd);
    finish(inlet);
}

static void pay_back(struct inlet *inlet, uint32_t bytes) {
    uint32_t window = stream_window(inlet->session);
    inlet->owed += bytes;
    if (inlet->owed < window / 2 || inlet->ending) return;
    /* Down from a large window to a small one: credit is given back only below the small one. */
    uint32_t grant = inlet->stream->allowed >= window ? 0 : window - inlet->stream->allowed;
    if (grant > inlet->owed) grant = inlet->owed;
    inlet->owed = 0;
    if (grant > 0) stream_allow(inlet->stream, grant);
}

/* The bytes taken; -1 when the reader is gone. */
static ssize_t deliver(struct inlet *inlet, const uint8_t *bytes, size_t length) {
    ssize_t done = write(inlet->watch.fd, bytes, length);
    if (done >= 0) return done;
    return errno == EAGAIN || errno == EINTR ? 0 : -1;
}

static bool drain(struct inlet *inlet) {
    while (inlet->first != NULL) {
        struct chunk *chunk = inlet->first;
        ssize_t done = deliver(inlet, chunk->bytes + chunk->at, chunk->length - chunk->at);
        if (done < 0) return false;
        if (done == 0) return true;
        chunk->at += (uint32_t)done;
        pay_back(inlet, (uint32_t)done);
        if (chunk->at < chunk->length) continue;
        inlet->first = chunk->next;
        if (inlet->first == NULL) inlet->last = NULL;
        chunk_drop(&inlet->session->chunks, chunk);
    }
    return true;
}

/* With nothing queued only errors are watched: a pipe whose reader has gone reports one. */
static void watch_room(struct inlet *inlet) {
    watch_set(loop_of(inlet), &inlet->watch, inlet->first != NULL ? (uint32_t)EPOLLOUT : 0);
}

static void room(void *owner, uint32_t events) {
    struct inlet *inlet = owner;
    bool gone = (events & (EPOLLERR | EPOLLHUP)) != 0 && (events & EPOLLOUT) == 0;
    if (gone || !drain(inlet)) {
        refuse_more(inlet);
    } else if (inlet->first == NULL && inlet->ending) {
        end_now(inlet);
    } else {
        watch_room(inlet);
    }
}

void inlet_open(struct inlet *inlet, struct stream *stream, int fd, enum inlet_end on_end) {
    inlet->watch = (struct watch){.fd = fd, .ready = room, .owner = inlet};
    inlet->stream = stream;
    inlet->session = stream->session;
    inlet->on_end = on_end;
    inlet->over = false;
    watch_room(inlet);
    stream_allow(stream, stream_window(stream->session));
}

static bool enqueue(struct inlet *inlet, const uint8_t *bytes, uint32_t length) {
    struct chunk *chunk = chunk_make(&inlet->session->chunks, bytes, length);
    if (chunk == NULL) return false;
    if (inlet->last == NULL) inlet->first = chunk;
    else inlet->last->next = chunk;
    inlet->last = chunk;
    return true;
}

void inlet_data(struct inlet *inlet, const uint8_t *bytes, uint32_t length) {
    if (inlet->over || inlet->ending) return;
    uint32_t taken = 0;
    while (inlet->first == NULL && taken < length) {
        ssize_t done = deliver(inlet, bytes + taken, length - taken);
        if (done < 0) {
            refuse_more(inlet);
            return;
        }
        if (done == 0) break;
        taken += (uint32_t)done;
    }
    pay_back(inlet, taken);
    if (taken == length) return;
    if (!enqueue(inlet, bytes + taken, length - taken)) refuse_more(inlet);
    else watch_room(inlet);
}

void inlet_end(struct inlet *inlet) {
    if (inlet->over || inlet->ending) return;
    inlet->ending = true;
    if (inlet->first == NULL) end_now(inlet);
}
