#include "agent/command.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>

#include "agent/inlet.h"
#include "agent/outlet.h"
#include "agent/status.h"
#include "system/text.h"

#define LINGERING_MAX 256

struct command {
    struct agent *agent;
    /* NULL once the last frame is sent or the host gave up. */
    struct stream *stream;
    pid_t pid;
    struct child child;
    struct status status;
    struct inlet input;
    struct outlet output;
    struct outlet errors;
    /* The grace after a hang-up. */
    struct deadline grace;
    /* The last frames wait for room in the outbox. */
    struct waiter waiter;
    struct deadline again;
    bool is_task;
    bool is_pty;
    bool accepted;
    bool lingers;
};

void signal_group(pid_t pid, int number) {
    if (pid > 0 && kill(-pid, number) != 0) kill(pid, number);
}

void put_ending(struct writer *payload, int wait_status) {
    bool signaled = WIFSIGNALED(wait_status);
    put_u8(payload, signaled ? ENDED_SIGNALED : ENDED_EXITED);
    put_u8(payload, (uint8_t)(signaled ? WTERMSIG(wait_status) : WEXITSTATUS(wait_status)));
}

static void dispose(struct command *command) {
    if (command->lingers) command->agent->lingering--;
    free(command);
}

/* What is left when the host has its answer: a child to wait for, pipes somebody still writes to. */
static void let_go(struct command *command) {
    command->stream = NULL;
    inlet_close(&command->input);
    status_close(&command->status);
    deadline_clear(&command->agent->loop, &command->grace);
    deadline_clear(&command->agent->loop, &command->again);
    session_unwait(&command->agent->session, &command->waiter);
    outlet_detach(&command->output);
    outlet_detach(&command->errors);
    if (command->output.over && command->errors.over) return;
    command->lingers = true;
    if (++command->agent->lingering <= LINGERING_MAX) return;
    outlet_close(&command->output);
    outlet_close(&command->errors);
}

static void send_result(struct command *command) {
    uint8_t bytes[STATUS_MAX];
    struct writer payload = write_into(bytes, sizeof bytes);
    if (command->is_task) {
        struct reader result = status_result(&command->status);
        put_bytes(&payload, result.at, (size_t)(result.end - result.at));
    } else {
        put_ending(&payload, command->child.status);
        put_u64(&payload, 0);
    }
    stream_result(command->stream, &payload);
    let_go(command);
}

static void send_accepted(struct command *command) {
    uint8_t bytes[4];
    struct writer payload = write_into(bytes, sizeof bytes);
    put_u32(&payload, (uint32_t)command->pid);
    command->accepted = true;
    stream_send(command->stream, FRAME_ACCEPTED, 0, &payload);
}

/* A task that ended without a word has crashed or was killed. */
static bool has_failed(const struct command *command, struct fault *fault) {
    if (status_is_failure(&command->status, fault)) return true;
    int status = command->child.status;
    if (!command->is_task || command->child.pid != 0 || status == 0) return false;
    (void)fail(fault, EIO, "a task of the guest program ended unexpectedly (%s %d)",
               WIFSIGNALED(status) ? "signal" : "status",
               WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    return true;
}

static void answer(struct command *command) {
    struct fault fault = {0};
    if (!outbox_ready(&command->agent->session.outbox)) {
        session_wait(&command->agent->session, &command->waiter);
    } else if (has_failed(command, &fault)) {
        stream_error(command->stream, &fault);
        let_go(command);
    } else {
        if (!command->is_task && !command->accepted) send_accepted(command);
        bool told_all = outlet_is_done(&command->output) && outlet_is_done(&command->errors);
        if (command->child.pid == 0 && told_all) send_result(command);
    }
}

static void resume(void *owner) {
    struct command *command = owner;
    deadline_set(&command->agent->loop, &command->again, 0);
}

/* Called after everything that happens to a command; does what has become possible. */
static void advance(void *owner) {
    struct command *command = owner;
    if (command->stream != NULL && command->status.complete) answer(command);
    bool idle = command->child.pid == 0 && command->output.over && command->errors.over;
    if (command->stream == NULL && idle) dispose(command);
}

static void child_ended(void *owner) {
    struct command *command = owner;
    deadline_clear(&command->agent->loop, &command->grace);
    if (command->is_pty) {
        outlet_limit_terminal(&command->output);
    } else if (!command->is_task) {
        outlet_limit(&command->output);
        outlet_limit(&command->errors);
    }
    advance(command);
}

static void grace_over(void *owner) {
    const struct command *command = owner;
    signal_group(command->pid, SIGKILL);
}

static void take_data(struct stream *stream, const uint8_t *bytes, uint32_t length) {
    struct command *command = stream->owner;
    inlet_data(&command->input, bytes, length);
}

static void take_end(struct stream *stream) {
    struct command *command = stream->owner;
    inlet_end(&command->input);
}

static struct outlet *outlet_of(struct command *command, uint8_t channel) {
    return channel == CHANNEL_ERR ? &command->errors : &command->output;
}

static void take_credit(struct stream *stream, uint8_t channel, uint32_t bytes) {
    outlet_credit(outlet_of(stream->owner, channel), bytes);
}

static void take_stop(struct stream *stream, uint8_t channel) {
    struct command *command = stream->owner;
    outlet_close(outlet_of(command, channel));
    advance(command);
}

static void take_signal(struct stream *stream, int number) {
    struct command *command = stream->owner;
    if (command->child.pid != 0 && !command->is_task) signal_group(command->pid, number);
}

static void take_resize(struct stream *stream, uint16_t rows, uint16_t columns) {
    struct command *command = stream->owner;
    struct winsize size = {.ws_row = rows, .ws_col = columns};
    if (command->is_pty && !command->output.over) {
        ioctl(command->output.watch.fd, TIOCSWINSZ, &size);
    }
}

static void cancelled(void *owner) {
    struct command *command = owner;
    let_go(command);
    if (command->child.pid != 0) {
        signal_group(command->pid, command->is_task ? SIGKILL : SIGHUP);
        deadline_set(&command->agent->loop, &command->grace, HANG_UP_GRACE_MS);
    }
    /* Closing a terminal hangs it up for everyone who is left on it. */
    if (command->is_pty) outlet_close(&command->output);
    advance(command);
}

static const struct stream_kind COMMAND_STREAM = {
    .data = take_data,
    .end = take_end,
    .credit = take_credit,
    .stop = take_stop,
    .signal = take_signal,
    .resize = take_resize,
    .cancelled = cancelled,
};

static void open_outlet(struct outlet *outlet, struct command *command, int fd, uint8_t channel,
                        uint32_t credit) {
    outlet->over = fd < 0;
    if (fd < 0) return;
    outlet->moved = advance;
    outlet->owner = command;
    outlet_open(outlet, command->stream, fd, channel, credit);
}

static void connect_pipes(struct command *command, struct launched *launched,
                          struct windows windows) {
    /* The end of an output is found by reading it, for which a task without output has no credit. */
    if (command->is_task && windows.output == 0) close_quietly(&launched->output);
    status_open(&command->status, &command->agent->loop, launched->status);
    open_outlet(&command->output, command, launched->output, CHANNEL_OUT, windows.output);
    open_outlet(&command->errors, command, launched->errors, CHANNEL_ERR, windows.errors);
    command->input.over = launched->input < 0;
    if (launched->input < 0) return;
    inlet_open(&command->input, command->stream, launched->input,
               command->is_pty ? INLET_TYPE_EOF : INLET_CLOSE);
}

void command_start(struct agent *agent, struct stream *stream, const struct launch *launch,
                   struct windows windows) {
    struct fault fault = {0};
    struct launched launched;
    struct command *command = calloc(1, sizeof *command);
    if (command == NULL || launch_child(launch, &launched, &fault) != 0) {
        if (command == NULL) (void)fail(&fault, ENOMEM, "the guest program is out of memory");
        free(command);
        stream_error(stream, &fault);
        return;
    }
    command->agent = agent;
    command->stream = stream;
    command->pid = launched.pid;
    command->is_task = launch->is_task;
    command->is_pty = launch->wants_pty;
    command->child = (struct child){.pid = launched.pid, .ended = child_ended, .owner = command};
    command->status.completed = advance;
    command->status.owner = command;
    command->grace = (struct deadline){.passed = grace_over, .owner = command};
    command->again = (struct deadline){.passed = advance, .owner = command};
    command->waiter = (struct waiter){.resume = resume, .owner = command};
    stream->kind = &COMMAND_STREAM;
    stream->owner = command;
    children_add(&agent->children, &command->child);
    connect_pipes(command, &launched, windows);
}
