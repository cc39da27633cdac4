#include "agent/session.h"

#include <stdlib.h>
#include <string.h>

#include "agent/dispatch.h"

/* Bounds how long one host can keep the loop from everything else. */
#define READ_BUDGET (4 * PAYLOAD_MAX)

static void end_session(struct session *session) {
    parser_seek(&session->parser);
    if (!session->alive) return;
    session->alive = false;
    dispatch_forget(session);
}

static void lose_host(void *owner) {
    struct session *session = owner;
    end_session(session);
    outbox_reset(&session->outbox, 0);
}

static void greet(struct session *session, const struct hello *hello) {
    bool speaks = hello->oldest_version <= PROTOCOL_VERSION &&
                  hello->newest_version >= PROTOCOL_VERSION;
    uint8_t welcome[HELLO_BYTES];
    outbox_reset(&session->outbox, hello->tag);
    welcome_write(welcome, hello, speaks ? PROTOCOL_VERSION : 0);
    outbox_put_raw(&session->outbox, welcome, sizeof welcome);
    if (!speaks) {
        parser_seek(&session->parser);
        return;
    }
    session->alive = true;
    session->newest_id = 0;
    struct frame first;
    session->greet(&first);
    outbox_put(&session->outbox, &first);
    if (session->greeted != NULL) session->greeted(session->owner);
}

/* Parses until bytes are missing (true) or the outbox is too full for more answers (false). */
static bool take_frames(struct session *session) {
    while (outbox_ready(&session->outbox)) {
        struct frame frame;
        struct hello hello;
        enum parsed parsed = parser_next(&session->parser, &frame, &hello);
        if (parsed == PARSED_NOTHING) return true;
        if (parsed == PARSED_HELLO) greet(session, &hello);
        if (parsed == PARSED_NONSENSE) end_session(session);
        if (parsed == PARSED_FRAME && !dispatch_frame(session, &frame)) end_session(session);
    }
    return false;
}

/* CHANNEL_LATER and CHANNEL_LOST as the channel says them; otherwise something came. */
static ssize_t read_more(struct session *session) {
    size_t room;
    uint8_t *bytes = parser_room(&session->parser, &room);
    ssize_t got = channel_read(&session->channel, bytes, room);
    if (got > 0) parser_added(&session->parser, (size_t)got);
    return got;
}

static void stirred(void *owner) {
    struct session *session = owner;
    ssize_t got = 1;
    session_flush(session);
    /* What was read is taken before anything else: nothing would tell of it again. */
    session->stalled = !take_frames(session);
    for (size_t taken = 0; !session->stalled && got > 0; taken += (size_t)got) {
        if (taken >= READ_BUDGET) {
            channel_revisit(&session->channel);
            break;
        }
        got = read_more(session);
        if (got > 0) session->stalled = !take_frames(session);
    }
    if (got == CHANNEL_LOST) {
        lose_host(session);
        if (!channel_hang_up(&session->channel)) loop_stop(session->loop);
    }
    session_flush(session);
}

void session_start(struct session *session) {
    parser_reset(&session->parser);
    outbox_reset(&session->outbox, 0);
    session->channel.loop = session->loop;
    session->channel.stirred = stirred;
    session->channel.lost = lose_host;
    session->channel.owner = session;
    session->parsing = (struct deadline){.passed = stirred, .owner = session};
    session->breaking = (struct deadline){.passed = lose_host, .owner = session};
}

void session_break(struct session *session) {
    deadline_set(session->loop, &session->breaking, 0);
}

void session_wait(struct session *session, struct waiter *waiter) {
    if (waiter->waiting) return;
    waiter->waiting = true;
    waiter->next = session->waiters;
    session->waiters = waiter;
}

void session_unwait(struct session *session, struct waiter *waiter) {
    if (!waiter->waiting) return;
    struct waiter **link = &session->waiters;
    while (*link != waiter) link = &(*link)->next;
    *link = waiter->next;
    waiter->waiting = false;
}

/* Resuming only arms watches; nobody produces from in here, so this cannot recurse. */
static void resume_waiters(struct session *session) {
    while (session->waiters != NULL) {
        struct waiter *waiter = session->waiters;
        session_unwait(session, waiter);
        waiter->resume(waiter->owner);
    }
    /* The channel may have nothing new to say; what waits is in the parser. */
    if (session->stalled) deadline_set(session->loop, &session->parsing, 0);
}

void session_flush(struct session *session) {
    struct outbox *outbox = &session->outbox;
    while (!outbox_empty(outbox)) {
        ssize_t sent = channel_write(&session->channel, outbox->bytes + outbox->head,
                                     outbox->tail - outbox->head);
        /* A lost host is noticed by reading; here it only means that nothing leaves. */
        if (sent <= 0) break;
        outbox->head += (size_t)sent;
    }
    if (outbox_empty(outbox)) outbox->head = outbox->tail = 0;
    if (outbox_ready(outbox)) resume_waiters(session);
}
