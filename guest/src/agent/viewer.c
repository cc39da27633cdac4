#include "agent/viewer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "agent/command.h"
#include "agent/inlet.h"
#include "system/text.h"

/* How far the viewer has seen one output. */
struct view {
    uint64_t position;
    uint64_t credit;
    bool ended;
};

struct viewer {
    struct detached *command;
    struct stream *stream;
    struct inlet input;
    struct view output;
    struct view errors;
    uint64_t dropped;
    struct waiter waiter;
    struct deadline again;
};

static void forget(struct viewer *viewer) {
    struct agent *agent = viewer->command->agent;
    inlet_close(&viewer->input);
    session_unwait(&agent->session, &viewer->waiter);
    deadline_clear(&agent->loop, &viewer->again);
    viewer->command->viewer = NULL;
    free(viewer);
}

static void send_end(struct viewer *viewer, struct view *view, uint8_t channel) {
    if (!view->ended) stream_send(viewer->stream, FRAME_END, channel, NULL);
    view->ended = true;
}

/* True when everything that was recorded is sent. */
static bool show(struct viewer *viewer, struct view *view, const struct recording *recording,
                 uint8_t channel) {
    struct session *session = viewer->stream->session;
    while (view->position < recording->ring.head && view->credit > 0 && !view->ended) {
        if (!outbox_ready(&session->outbox)) {
            session_wait(session, &viewer->waiter);
            return false;
        }
        size_t limit = view->credit < PAYLOAD_MAX ? (size_t)view->credit : PAYLOAD_MAX;
        size_t length = 0;
        const uint8_t *bytes =
            ring_peek(&recording->ring, &view->position, limit, &length, &viewer->dropped);
        struct writer payload = {.start = (uint8_t *)(uintptr_t)bytes,
                                 .at = (uint8_t *)(uintptr_t)bytes + length};
        view->position += length;
        view->credit -= length;
        stream_send(viewer->stream, FRAME_DATA, channel, &payload);
    }
    bool all = view->ended || view->position == recording->ring.head;
    if (all && (recording->over || viewer->command->settled)) send_end(viewer, view, channel);
    return view->ended;
}

static void update(void *owner) {
    struct viewer *viewer = owner;
    struct detached *command = viewer->command;
    bool all_output = show(viewer, &viewer->output, &command->output, CHANNEL_OUT);
    bool all_errors = show(viewer, &viewer->errors, &command->errors, CHANNEL_ERR);
    if (!all_output || !all_errors || !command->settled) return;
    uint8_t bytes[10];
    struct writer payload = write_into(bytes, sizeof bytes);
    put_ending(&payload, command->child.status);
    put_u64(&payload, viewer->dropped);
    stream_result(viewer->stream, &payload);
    forget(viewer);
}

void viewer_update(struct viewer *viewer) {
    update(viewer);
}

static void resume(void *owner) {
    struct viewer *viewer = owner;
    deadline_set(&viewer->command->agent->loop, &viewer->again, 0);
}

static void take_data(struct stream *stream, const uint8_t *bytes, uint32_t length) {
    struct viewer *viewer = stream->owner;
    inlet_data(&viewer->input, bytes, length);
}

static void take_end(struct stream *stream) {
    struct viewer *viewer = stream->owner;
    inlet_end(&viewer->input);
}

/* The viewer's own copy is closed; with the command's copy goes the last writer of its input. */
static void input_done(void *owner) {
    struct viewer *viewer = owner;
    if (viewer->input.ending && !viewer->command->is_pty) close_quietly(&viewer->command->input);
}

static void take_credit(struct stream *stream, uint8_t channel, uint32_t bytes) {
    struct viewer *viewer = stream->owner;
    (channel == CHANNEL_ERR ? &viewer->errors : &viewer->output)->credit += bytes;
    update(viewer);
}

static void take_stop(struct stream *stream, uint8_t channel) {
    struct viewer *viewer = stream->owner;
    (channel == CHANNEL_ERR ? &viewer->errors : &viewer->output)->ended = true;
    update(viewer);
}

static void take_signal(struct stream *stream, int number) {
    struct viewer *viewer = stream->owner;
    if (viewer->command->child.pid != 0) signal_group(viewer->command->pid, number);
}

static void take_resize(struct stream *stream, uint16_t rows, uint16_t columns) {
    struct viewer *viewer = stream->owner;
    struct recording *output = &viewer->command->output;
    struct winsize size = {.ws_row = rows, .ws_col = columns};
    if (viewer->command->is_pty && !output->over) ioctl(output->watch.fd, TIOCSWINSZ, &size);
}

static void cancelled(void *owner) {
    forget(owner);
}

static const struct stream_kind VIEWER_STREAM = {
    .data = take_data,
    .end = take_end,
    .credit = take_credit,
    .stop = take_stop,
    .signal = take_signal,
    .resize = take_resize,
    .cancelled = cancelled,
};

static void open_view(struct view *view, const struct recording *recording, uint32_t credit,
                      bool replay) {
    *view = (struct view){.credit = credit, .position = replay ? 0 : recording->ring.head};
}

static void open_input(struct viewer *viewer) {
    int fd = viewer->command->input;
    int copy = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);
    viewer->input.over = copy < 0;
    if (copy < 0) {
        stream_send(viewer->stream, FRAME_STOP, CHANNEL_IN, NULL);
        return;
    }
    viewer->input.done = input_done;
    viewer->input.owner = viewer;
    inlet_open(&viewer->input, viewer->stream, copy,
               viewer->command->is_pty ? INLET_TYPE_EOF : INLET_CLOSE);
}

static struct viewer *make_viewer(struct detached *command, struct stream *stream) {
    struct viewer *viewer = calloc(1, sizeof *viewer);
    if (viewer == NULL) return NULL;
    viewer->command = command;
    viewer->stream = stream;
    viewer->waiter = (struct waiter){.resume = resume, .owner = viewer};
    viewer->again = (struct deadline){.passed = update, .owner = viewer};
    command->viewer = viewer;
    stream->kind = &VIEWER_STREAM;
    stream->owner = viewer;
    return viewer;
}

void open_attach(struct agent *agent, struct stream *stream, struct reader *fields) {
    struct fault fault = {0};
    uint32_t handle = take_u32(fields);
    uint32_t output_credit = take_u32(fields);
    uint32_t errors_credit = take_u32(fields);
    bool replay = (take_u8(fields) & ATTACH_REPLAY) != 0;
    struct detached *command = detached_find(agent, handle);
    struct viewer *viewer = NULL;
    if (!taken_whole(fields)) {
        (void)fail(&fault, EINVAL, "the attach request is malformed");
    } else if (command == NULL || command->starter != NULL || command->name[0] == '\0') {
        (void)fail(&fault, ESRCH, "the guest has no detached command %u", handle);
    } else if (command->viewer != NULL) {
        (void)fail(&fault, EBUSY, "somebody is attached to detached command %u", handle);
    } else if ((viewer = make_viewer(command, stream)) == NULL) {
        (void)fail(&fault, ENOMEM, "the guest program is out of memory");
    }
    if (viewer == NULL) {
        stream_error(stream, &fault);
        return;
    }
    uint8_t bytes[5];
    struct writer payload = write_into(bytes, sizeof bytes);
    put_u32(&payload, (uint32_t)command->pid);
    put_u8(&payload, command->is_pty ? 1 : 0);
    stream_send(stream, FRAME_ACCEPTED, 0, &payload);
    open_view(&viewer->output, &command->output, output_credit, replay);
    open_view(&viewer->errors, &command->errors, errors_credit, replay);
    open_input(viewer);
    update(viewer);
}
