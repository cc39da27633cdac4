#include "agent/dial.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "agent/address.h"
#include "agent/inlet.h"
#include "agent/outlet.h"
#include "system/text.h"

#define CONNECT_LIMIT_MS 10000

struct dial {
    struct agent *agent;
    struct stream *stream;
    struct dial_address address;
    /* While connecting; afterwards the inlet and the outlet have a descriptor each. */
    struct watch watch;
    struct deadline limit;
    struct inlet input;
    struct outlet output;
    uint32_t window;
    char name[400];
};

static void dispose(struct dial *dial) {
    deadline_clear(&dial->agent->loop, &dial->limit);
    watch_close(&dial->agent->loop, &dial->watch);
    inlet_close(&dial->input);
    outlet_close(&dial->output);
    free(dial);
}

static void refuse(struct dial *dial, int code) {
    struct fault fault = {0};
    errno = code;
    (void)fail_errno(&fault, "cannot connect to %s in the guest", dial->name);
    stream_error(dial->stream, &fault);
    dispose(dial);
}

/* Over when both directions are, and at once when a datagram socket has none left to send to. */
static void check_over(void *owner) {
    struct dial *dial = owner;
    if (!dial->input.over || !dial->output.over) return;
    stream_result(dial->stream, NULL);
    dispose(dial);
}

static void take_data(struct stream *stream, const uint8_t *bytes, uint32_t length) {
    struct dial *dial = stream->owner;
    if (dial->address.type == SOCK_STREAM) {
        inlet_data(&dial->input, bytes, length);
        return;
    }
    /* UDP promises nothing: what the socket does not take now is lost, as on any network. */
    if (!dial->output.over) (void)!send(dial->output.watch.fd, bytes, length, MSG_NOSIGNAL);
    stream_allow(stream, length);
}

static void take_end(struct stream *stream) {
    struct dial *dial = stream->owner;
    if (dial->address.type == SOCK_STREAM) {
        inlet_end(&dial->input);
        return;
    }
    outlet_close(&dial->output);
    check_over(dial);
}

static void take_credit(struct stream *stream, uint8_t channel, uint32_t bytes) {
    struct dial *dial = stream->owner;
    (void)channel;
    outlet_credit(&dial->output, bytes);
}

static void take_stop(struct stream *stream, uint8_t channel) {
    struct dial *dial = stream->owner;
    (void)channel;
    outlet_close(&dial->output);
    check_over(dial);
}

static void cancelled(void *owner) {
    dispose(owner);
}

static const struct stream_kind DIAL_STREAM = {
    .data = take_data,
    .end = take_end,
    .credit = take_credit,
    .stop = take_stop,
    .cancelled = cancelled,
};

static void relay(struct dial *dial) {
    int fd = dial->watch.fd;
    bool datagrams = dial->address.type == SOCK_DGRAM;
    watch_pause(&dial->agent->loop, &dial->watch);
    deadline_clear(&dial->agent->loop, &dial->limit);
    int copy = datagrams ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (copy < 0 && !datagrams) {
        refuse(dial, errno);
        return;
    }
    dial->watch.fd = -1;
    stream_send(dial->stream, FRAME_ACCEPTED, 0, NULL);
    dial->output.datagrams = datagrams;
    dial->output.moved = check_over;
    dial->output.owner = dial;
    outlet_open(&dial->output, dial->stream, fd, CHANNEL_OUT, dial->window);
    if (datagrams) {
        stream_allow(dial->stream, stream_window(&dial->agent->session));
        return;
    }
    dial->input.done = check_over;
    dial->input.owner = dial;
    inlet_open(&dial->input, dial->stream, copy, INLET_SHUTDOWN);
}

static void attempt(struct dial *dial) {
    const struct sockaddr *target = (const struct sockaddr *)&dial->address.storage;
    watch_close(&dial->agent->loop, &dial->watch);
    dial->watch.fd =
        socket(target->sa_family, dial->address.type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (dial->watch.fd < 0) {
        refuse(dial, errno);
    } else if (connect(dial->watch.fd, target, dial->address.length) == 0) {
        relay(dial);
    } else if (errno == EINPROGRESS) {
        watch_set(&dial->agent->loop, &dial->watch, EPOLLOUT);
    } else if (dial->address.has_second) {
        dial_address_second(&dial->address);
        attempt(dial);
    } else {
        refuse(dial, errno);
    }
}

static void connected(void *owner, uint32_t events) {
    struct dial *dial = owner;
    int code = 0;
    socklen_t length = sizeof code;
    (void)events;
    getsockopt(dial->watch.fd, SOL_SOCKET, SO_ERROR, &code, &length);
    if (code == 0) {
        relay(dial);
    } else if (dial->address.has_second) {
        dial_address_second(&dial->address);
        attempt(dial);
    } else {
        refuse(dial, code);
    }
}

static void too_late(void *owner) {
    refuse(owner, ETIMEDOUT);
}

void open_dial(struct agent *agent, struct stream *stream, struct reader *fields) {
    struct fault fault = {0};
    struct dial_address address;
    char text[128];
    uint8_t kind = take_u8(fields);
    uint32_t window = take_u32(fields);
    uint16_t port = take_u16(fields);
    take_text(fields, text, sizeof text);
    struct dial *dial = NULL;
    if (!taken_whole(fields)) {
        (void)fail(&fault, EINVAL, "the dial request is malformed");
    } else if (dial_address_parse(&address, kind, text, port, &fault) == 0) {
        dial = calloc(1, sizeof *dial);
        if (dial == NULL) (void)fail(&fault, ENOMEM, "the guest program is out of memory");
    }
    if (dial == NULL) {
        stream_error(stream, &fault);
        return;
    }
    *dial = (struct dial){.agent = agent, .stream = stream, .address = address, .window = window};
    dial->watch = (struct watch){.fd = -1, .ready = connected, .owner = dial};
    dial->limit = (struct deadline){.passed = too_late, .owner = dial};
    dial->input.over = dial->output.over = true;
    if (kind == DIAL_UNIX) (void)snprintf(dial->name, sizeof dial->name, "%s", quote(text).text);
    else (void)snprintf(dial->name, sizeof dial->name, "port %u of %s", port, quote(text).text);
    stream->kind = &DIAL_STREAM;
    stream->owner = dial;
    deadline_set(&agent->loop, &dial->limit, CONNECT_LIMIT_MS);
    attempt(dial);
}
