/*
 * Commands that live on without a host: their output is kept in bounded rings, and a later host can
 * list them and attach to them. A viewer that is slow misses output; it never stops the command.
 */
#ifndef BANGER_AGENT_DETACHED_H
#define BANGER_AGENT_DETACHED_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/children.h"
#include "agent/inlet.h"
#include "agent/launch.h"
#include "agent/ring.h"
#include "agent/session.h"
#include "agent/status.h"

/* Running and ended ones together; the one that ended first makes room for a new one. */
#define DETACHED_MAX 64

struct agent;
struct viewer;

/* One output of a detached command. */
struct recording {
    struct watch watch;
    struct ring ring;
    struct detached *command;
    bool over;
};

struct detached {
    struct agent *agent;
    uint32_t handle;
    pid_t pid;
    struct child child;
    struct status status;
    /* The stream that asked for it, until it is told whether the command started. */
    struct stream *starter;
    int input;
    struct recording output;
    struct recording errors;
    struct viewer *viewer;
    /* After the end: time for what the command wrote last to come out of its pipes. */
    struct deadline settling;
    bool settled;
    bool is_pty;
    int64_t started_ns;
    int64_t ended_ns;
    char name[128];
    struct detached *next;
};

struct detached_list {
    struct detached *first;
    uint32_t newest_handle;
};

void detached_start(struct agent *agent, struct stream *stream, const struct launch *launch,
                    const char *name);
struct detached *detached_find(struct agent *agent, uint32_t handle);
void open_processes(struct agent *agent, struct stream *stream, struct reader *fields);

#endif
