/*
 * One host at a time: greets it, takes frames apart, hands them to streams, and queues what they
 * answer. A new hello, a frame that makes no sense, or a channel that closes ends the session and
 * with it every stream.
 */
#ifndef BANGER_AGENT_SESSION_H
#define BANGER_AGENT_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/channel.h"
#include "agent/chunk.h"
#include "agent/loop.h"
#include "system/fault.h"
#include "wire/bytes.h"
#include "wire/frame.h"
#include "wire/outbox.h"

struct session;
struct stream;

/* What a stream does with what the host sends; a member that is NULL ignores it. */
struct stream_kind {
    /* The bytes are on CHANNEL_IN and within the credit given. */
    void (*data)(struct stream *stream, const uint8_t *bytes, uint32_t length);
    void (*end)(struct stream *stream);
    void (*credit)(struct stream *stream, uint8_t channel, uint32_t bytes);
    void (*stop)(struct stream *stream, uint8_t channel);
    void (*signal)(struct stream *stream, int number);
    void (*resize)(struct stream *stream, uint16_t rows, uint16_t columns);
    /* The host gave up on it, or is gone: the stream no longer exists when this is called. */
    void (*cancelled)(void *owner);
};

struct stream {
    uint32_t id;
    struct session *session;
    const struct stream_kind *kind;
    void *owner;
    /* How much more the host may send on CHANNEL_IN. */
    uint32_t allowed;
    struct stream *next;
};

/* A producer that found the outbox full and is called once when there is room again. */
struct waiter {
    bool waiting;
    void (*resume)(void *owner);
    void *owner;
    struct waiter *next;
};

/* A whole request, whose bytes are gone when `open_request` returns. */
struct request {
    uint16_t operation;
    struct reader fields;
};

struct session {
    struct loop *loop;
    struct channel channel;
    struct parser parser;
    struct outbox outbox;
    bool alive;
    /* The outbox was too full to take in more requests. */
    bool stalled;
    struct stream *streams;
    uint32_t stream_count;
    uint32_t newest_id;
    struct waiter *waiters;
    struct deadline parsing;
    struct deadline breaking;
    /* For all streams together. */
    struct chunk_pool chunks;
    /* A request that comes in several frames. */
    uint8_t *pending;
    uint32_t pending_bytes;
    uint32_t pending_id;
    /* Makes the first frame of every session: READY or FAILED. */
    void (*greet)(struct frame *frame);
    void (*open_request)(void *owner, struct stream *stream, struct request *request);
    /* A host was greeted; may be NULL. */
    void (*greeted)(void *owner);
    void *owner;
};

void session_start(struct session *session);
/* Ends the session as if the host had gone, once the loop turns again. */
void session_break(struct session *session);

void session_wait(struct session *session, struct waiter *waiter);
void session_unwait(struct session *session, struct waiter *waiter);
/* Sends what is queued, as far as the channel takes it now. */
void session_flush(struct session *session);

/* Lets the host send this many more bytes. */
void stream_allow(struct stream *stream, uint32_t bytes);
/* How many bytes the host should be allowed to have on its way to one stream. */
uint32_t stream_window(const struct session *session);
void stream_send(struct stream *stream, uint8_t type, uint8_t channel, const struct writer *payload);
/* The last frame of a stream; the stream is freed. */
void stream_result(struct stream *stream, const struct writer *payload);
void stream_error(struct stream *stream, const struct fault *fault);

#endif
