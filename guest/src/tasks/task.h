/* One request, one child that does it: shared by all of the agent's tasks. */
#ifndef BANGER_TASKS_TASK_H
#define BANGER_TASKS_TASK_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/agent.h"
#include "agent/command.h"
#include "agent/status.h"

#define PATH_BYTES 4096

struct task {
    /* Runs in the child with the request's bytes as CHANNEL_IN at descriptor 0 and CHANNEL_OUT at 1. */
    void (*run)(void *context) __attribute__((noreturn));
    void *context;
    bool takes_data;
    /* What the host lets the task send on CHANNEL_OUT. */
    uint32_t window;
};

/* Starts the task if the request was whole; otherwise the host is told that it is malformed. */
void task_start(struct agent *agent, struct stream *stream, const struct reader *fields,
                const struct task *task);

/*
 * In the child: output in large writes. Frames become as large as the pipe is read, and a pipe
 * filled by small writes holds little.
 */
struct output {
    size_t fill;
    uint8_t bytes[65536];
};

int output_put(struct output *output, const void *bytes, size_t length, struct fault *fault);
int output_flush(struct output *output, struct fault *fault);

void open_unpack(struct agent *agent, struct stream *stream, struct reader *fields);
void open_pack(struct agent *agent, struct stream *stream, struct reader *fields);
void open_stat(struct agent *agent, struct stream *stream, struct reader *fields);
void open_list(struct agent *agent, struct stream *stream, struct reader *fields);
void open_list_tree(struct agent *agent, struct stream *stream, struct reader *fields);
void open_ports(struct agent *agent, struct stream *stream, struct reader *fields);
void open_sync(struct agent *agent, struct stream *stream, struct reader *fields);
void open_power(struct agent *agent, struct stream *stream, struct reader *fields);
void open_set_identity(struct agent *agent, struct stream *stream, struct reader *fields);

#endif
