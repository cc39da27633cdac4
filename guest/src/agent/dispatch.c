#include "agent/dispatch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool violation(struct session *session, const char *what) {
    struct fault fault = {.code = EPROTO};
    struct stream *nobody = calloc(1, sizeof *nobody);
    if (nobody == NULL) return false;
    *nobody = (struct stream){.id = 0, .session = session};
    (void)fail(&fault, EPROTO, "the host broke the protocol: %s", what);
    stream_error(nobody, &fault);
    return false;
}

static struct stream *find_stream(struct session *session, uint32_t id) {
    struct stream *stream = session->streams;
    while (stream != NULL && stream->id != id) stream = stream->next;
    return stream;
}

void stream_free(struct stream *stream) {
    struct session *session = stream->session;
    for (struct stream **link = &session->streams; *link != NULL; link = &(*link)->next) {
        if (*link != stream) continue;
        *link = stream->next;
        session->stream_count--;
        break;
    }
    free(stream);
}

static void cancel(struct stream *stream) {
    const struct stream_kind *kind = stream->kind;
    void *owner = stream->owner;
    stream_free(stream);
    if (kind != NULL && kind->cancelled != NULL) kind->cancelled(owner);
}

static void drop_pending(struct session *session) {
    free(session->pending);
    session->pending = NULL;
    session->pending_bytes = 0;
    session->pending_id = 0;
}

void dispatch_forget(struct session *session) {
    drop_pending(session);
    while (session->streams != NULL) cancel(session->streams);
}

static bool start_request(struct session *session, uint32_t id, const uint8_t *bytes,
                          uint32_t length) {
    struct stream *stream = calloc(1, sizeof *stream);
    if (stream == NULL) return violation(session, "out of memory");
    *stream = (struct stream){.id = id, .session = session, .next = session->streams};
    session->streams = stream;
    session->stream_count++;
    struct request request = {.fields = read_from(bytes, length)};
    request.operation = take_u16(&request.fields);
    if (session->stream_count > STREAMS_MAX) {
        struct fault fault = {0};
        (void)fail(&fault, EAGAIN, "more than %d streams are open", STREAMS_MAX);
        stream_error(stream, &fault);
        return true;
    }
    session->open_request(session->owner, stream, &request);
    return true;
}

static bool add_pending(struct session *session, const struct frame *frame) {
    if (frame->length > REQUEST_MAX - session->pending_bytes) {
        return violation(session, "a request is too large");
    }
    uint8_t *grown = realloc(session->pending, session->pending_bytes + frame->length + 1);
    if (grown == NULL) return violation(session, "out of memory");
    session->pending = grown;
    if (frame->length > 0) memcpy(grown + session->pending_bytes, frame->payload, frame->length);
    session->pending_bytes += frame->length;
    session->pending_id = frame->stream;
    return true;
}

static bool take_open(struct session *session, const struct frame *frame) {
    bool continues = session->pending_id != 0;
    if (continues && frame->stream != session->pending_id) {
        return violation(session, "a request began inside another");
    }
    if (!continues && frame->stream <= session->newest_id) {
        return violation(session, "a stream number came twice");
    }
    session->newest_id = frame->stream;
    bool more = (frame->flags & FLAG_MORE) != 0;
    if (!continues && !more) {
        return start_request(session, frame->stream, frame->payload, frame->length);
    }
    if (!add_pending(session, frame)) return false;
    if (more) return true;
    uint8_t *bytes = session->pending;
    uint32_t length = session->pending_bytes;
    session->pending = NULL;
    drop_pending(session);
    bool fine = start_request(session, frame->stream, bytes, length);
    free(bytes);
    return fine;
}

static bool take_data(struct session *session, struct stream *stream, const struct frame *frame) {
    if (frame->channel != CHANNEL_IN) return violation(session, "data on a channel of the guest");
    if (frame->length > stream->allowed) return violation(session, "more data than allowed");
    stream->allowed -= frame->length;
    if (stream->kind->data != NULL) stream->kind->data(stream, frame->payload, frame->length);
    return true;
}

static void pass_on(struct stream *stream, const struct frame *frame, struct reader *fields) {
    const struct stream_kind *kind = stream->kind;
    uint32_t first = frame->type == FRAME_RESIZE ? take_u16(fields) : take_u32(fields);
    if (frame->type == FRAME_CREDIT && kind->credit != NULL) {
        kind->credit(stream, frame->channel, first);
    } else if (frame->type == FRAME_SIGNAL && kind->signal != NULL) {
        kind->signal(stream, (int)(first & 0xff));
    } else if (frame->type == FRAME_RESIZE && kind->resize != NULL) {
        kind->resize(stream, (uint16_t)first, take_u16(fields));
    }
}

static bool has_length(const struct frame *frame) {
    switch (frame->type) {
        case FRAME_DATA:
            return true;
        case FRAME_CREDIT:
        case FRAME_SIGNAL:
        case FRAME_RESIZE:
            return frame->length == 4;
        default:
            return frame->length == 0;
    }
}

static bool take_for_stream(struct session *session, struct stream *stream,
                            const struct frame *frame) {
    struct reader fields = read_from(frame->payload, frame->length);
    switch (frame->type) {
        case FRAME_DATA:
            return take_data(session, stream, frame);
        case FRAME_END:
            if (stream->kind->end != NULL) stream->kind->end(stream);
            return true;
        case FRAME_STOP:
            if (stream->kind->stop != NULL) stream->kind->stop(stream, frame->channel);
            return true;
        case FRAME_CANCEL:
            cancel(stream);
            return true;
        default:
            pass_on(stream, frame, &fields);
            return true;
    }
}

bool dispatch_frame(struct session *session, const struct frame *frame) {
    if (frame->type > FRAME_STOP) return violation(session, "a frame only the guest may send");
    if (frame->stream == 0) return violation(session, "a frame for stream 0");
    if (frame->type == FRAME_OPEN) return take_open(session, frame);
    if (!has_length(frame)) return violation(session, "a frame of the wrong length");
    struct stream *stream = find_stream(session, frame->stream);
    /* The stream may have ended while the frame was on its way. */
    if (stream == NULL || stream->kind == NULL) return true;
    return take_for_stream(session, stream, frame);
}
