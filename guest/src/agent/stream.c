#include <stdlib.h>

#include "agent/dispatch.h"
#include "agent/session.h"

/* With few streams each gets what keeps the channel busy; with many, memory comes first. */
#define FEW_STREAMS 16
#define WINDOW_WHEN_FEW (4 * PAYLOAD_MAX)
#define WINDOW_WHEN_MANY PAYLOAD_MAX

uint32_t stream_window(const struct session *session) {
    return session->stream_count <= FEW_STREAMS ? WINDOW_WHEN_FEW : WINDOW_WHEN_MANY;
}

void stream_send(struct stream *stream, uint8_t type, uint8_t channel,
                 const struct writer *payload) {
    struct frame frame = {.type = type, .channel = channel, .stream = stream->id};
    if (payload != NULL) {
        frame.payload = payload->start;
        frame.length = (uint32_t)written(payload);
    }
    /* Cannot happen while the reckoning of wire/outbox.h holds; a lost frame must not go unnoticed. */
    if (!outbox_put(&stream->session->outbox, &frame)) session_break(stream->session);
    session_flush(stream->session);
}

void stream_allow(struct stream *stream, uint32_t bytes) {
    uint8_t field[4];
    struct writer payload = write_into(field, sizeof field);
    put_u32(&payload, bytes);
    stream->allowed += bytes;
    stream_send(stream, FRAME_CREDIT, CHANNEL_IN, &payload);
}

void stream_result(struct stream *stream, const struct writer *payload) {
    stream_send(stream, FRAME_RESULT, 0, payload);
    stream_free(stream);
}

void stream_error(struct stream *stream, const struct fault *fault) {
    uint8_t fields[2 + 2 + 4 + sizeof fault->message];
    struct writer payload = write_into(fields, sizeof fields);
    put_u16(&payload, (uint16_t)fault->code);
    put_u16(&payload, fault->exit_status);
    put_text(&payload, fault->message);
    stream_send(stream, FRAME_ERROR, 0, &payload);
    stream_free(stream);
}
