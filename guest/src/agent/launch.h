/* Forks a child with its pipes or its terminal. */
#ifndef BANGER_AGENT_LAUNCH_H
#define BANGER_AGENT_LAUNCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "system/fault.h"

/* The agent's own limit of open descriptors. */
#define DESCRIPTORS_MAX 4096

struct launch {
    bool wants_stdin;
    bool wants_pty;
    /* Only stdout goes to the host; stderr is the agent's own. For the agent's tasks. */
    bool is_task;
    uint16_t rows;
    uint16_t columns;
    /*
     * Runs in the child with the standard descriptors in place and STATUS_FD to tell the parent what
     * came of it (agent/status.h), and no other descriptor; never returns.
     */
    void (*run)(void *context) __attribute__((noreturn));
    void *context;
};

/* The parent's ends, none of which block; -1 where there is none. */
struct launched {
    pid_t pid;
    int input;
    int output;
    int errors;
    int status;
};

int launch_child(const struct launch *launch, struct launched *launched, struct fault *fault);

#endif
