#include "agent/detached.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/command.h"
#include "agent/viewer.h"
#include "system/text.h"

#define SETTLE_MS 50

struct detached *detached_find(struct agent *agent, uint32_t handle) {
    struct detached *command = agent->detached.first;
    while (command != NULL && command->handle != handle) command = command->next;
    return command;
}

static bool is_running(const struct detached *command) {
    return command->child.pid != 0;
}

static void close_recording(struct recording *recording) {
    if (recording->over) return;
    recording->over = true;
    watch_close(&recording->command->agent->loop, &recording->watch);
}

static void discard(struct detached *command) {
    struct detached **link = &command->agent->detached.first;
    while (*link != command) link = &(*link)->next;
    *link = command->next;
    close_recording(&command->output);
    close_recording(&command->errors);
    ring_free(&command->output.ring);
    ring_free(&command->errors.ring);
    status_close(&command->status);
    deadline_clear(&command->agent->loop, &command->settling);
    close_quietly(&command->input);
    free(command);
}

static bool make_room(struct agent *agent) {
    struct detached *oldest = NULL;
    int count = 0;
    for (struct detached *each = agent->detached.first; each != NULL; each = each->next) {
        count++;
        if (is_running(each) || each->viewer != NULL || each->starter != NULL) continue;
        if (oldest == NULL || each->ended_ns < oldest->ended_ns) oldest = each;
    }
    if (count < DETACHED_MAX) return true;
    if (oldest != NULL) discard(oldest);
    return oldest != NULL;
}

static void record(void *owner, uint32_t events) {
    struct recording *recording = owner;
    size_t room = 0;
    (void)events;
    uint8_t *bytes = ring_room(&recording->ring, &room);
    if (bytes == NULL) {
        close_recording(recording);
        return;
    }
    ssize_t got = read(recording->watch.fd, bytes, room);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) close_recording(recording);
    else ring_added(&recording->ring, (size_t)got);
    if (recording->command->viewer != NULL) viewer_update(recording->command->viewer);
}

static void open_recording(struct recording *recording, struct detached *command, int fd) {
    recording->command = command;
    recording->over = fd < 0;
    recording->watch = (struct watch){.fd = fd, .ready = record, .owner = recording};
    if (fd >= 0) watch_set(&command->agent->loop, &recording->watch, EPOLLIN);
}

static void settled(void *owner) {
    struct detached *command = owner;
    command->settled = true;
    /* A command that never began is no entry in the list. */
    if (command->name[0] == '\0') {
        discard(command);
        return;
    }
    if (command->viewer != NULL) viewer_update(command->viewer);
}

static void child_ended(void *owner) {
    struct detached *command = owner;
    command->ended_ns = boottime_ns();
    close_quietly(&command->input);
    deadline_set(&command->agent->loop, &command->settling, SETTLE_MS);
}

static void tell_starter(void *owner) {
    struct detached *command = owner;
    struct stream *starter = command->starter;
    struct fault fault = {0};
    bool failed = status_is_failure(&command->status, &fault);
    command->starter = NULL;
    if (starter != NULL && failed) {
        stream_error(starter, &fault);
    } else if (starter != NULL) {
        uint8_t bytes[8];
        struct writer payload = write_into(bytes, sizeof bytes);
        put_u32(&payload, command->handle);
        put_u32(&payload, (uint32_t)command->pid);
        stream_result(starter, &payload);
    }
    if (failed) command->name[0] = '\0';
}

/* Detached from the start: a host that goes before it is told does not end the command. */
static void starter_gone(void *owner) {
    struct detached *command = owner;
    command->starter = NULL;
}

static const struct stream_kind STARTER_STREAM = {.cancelled = starter_gone};

static void adopt(struct detached *command, const struct launched *launched) {
    struct agent *agent = command->agent;
    command->pid = launched->pid;
    command->input = launched->input;
    command->child = (struct child){.pid = launched->pid, .ended = child_ended, .owner = command};
    command->settling = (struct deadline){.passed = settled, .owner = command};
    command->status.completed = tell_starter;
    command->status.owner = command;
    command->handle = ++agent->detached.newest_handle;
    command->next = agent->detached.first;
    agent->detached.first = command;
    children_add(&agent->children, &command->child);
    status_open(&command->status, &agent->loop, launched->status);
    open_recording(&command->output, command, launched->output);
    open_recording(&command->errors, command, launched->errors);
}

void detached_start(struct agent *agent, struct stream *stream, const struct launch *launch,
                    const char *name) {
    struct fault fault = {0};
    struct launched launched;
    struct detached *command = calloc(1, sizeof *command);
    bool started = false;
    if (command == NULL) {
        (void)fail(&fault, ENOMEM, "the guest program is out of memory");
    } else if (!make_room(agent)) {
        (void)fail(&fault, EAGAIN, "%d detached commands are running; end one first", DETACHED_MAX);
    } else {
        started = launch_child(launch, &launched, &fault) == 0;
    }
    if (!started) {
        free(command);
        stream_error(stream, &fault);
        return;
    }
    command->agent = agent;
    command->starter = stream;
    command->is_pty = launch->wants_pty;
    command->started_ns = boottime_ns();
    (void)snprintf(command->name, sizeof command->name, "%s", name);
    stream->kind = &STARTER_STREAM;
    stream->owner = command;
    adopt(command, &launched);
}

static void put_entry(struct writer *payload, const struct detached *command) {
    put_u32(payload, command->handle);
    put_u32(payload, (uint32_t)command->pid);
    if (is_running(command)) {
        put_u8(payload, STILL_RUNNING);
        put_u8(payload, 0);
    } else {
        put_ending(payload, command->child.status);
    }
    put_u8(payload, command->is_pty ? 1 : 0);
    put_u8(payload, command->viewer != NULL ? 1 : 0);
    put_u64(payload, (uint64_t)command->started_ns);
    put_u64(payload, (uint64_t)command->ended_ns);
    put_text(payload, command->name);
}

void open_processes(struct agent *agent, struct stream *stream, struct reader *fields) {
    uint8_t bytes[4 + DETACHED_MAX * (32 + sizeof(((struct detached *)0)->name))];
    struct writer payload = write_into(bytes, sizeof bytes);
    uint32_t count = 0;
    (void)fields;
    put_u32(&payload, 0);
    for (struct detached *each = agent->detached.first; each != NULL; each = each->next) {
        if (each->name[0] == '\0' || each->starter != NULL) continue;
        put_entry(&payload, each);
        count++;
    }
    set_u32(bytes, count);
    stream_result(stream, &payload);
}
