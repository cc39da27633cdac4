/* Running a command in the guest: its request, and what its child does until it is the command. */
#ifndef BANGER_AGENT_EXEC_H
#define BANGER_AGENT_EXEC_H

#include <stdint.h>

#include "agent/agent.h"
#include "agent/command.h"

/* A parsed request; argv and env end with NULL and point into `texts`. */
struct exec_plan {
    uint16_t flags;
    uint16_t rows;
    uint16_t columns;
    struct windows windows;
    const char *user;
    const char *folder;
    char **argv;
    char **env;
    char *texts;
};

int exec_plan_read(struct exec_plan *plan, struct reader *fields, struct fault *fault);
void exec_plan_free(struct exec_plan *plan);
void exec_launch_fill(struct launch *launch, struct exec_plan *plan);

/* The child's part: takes a struct exec_plan. */
void exec_run(void *plan) __attribute__((noreturn));

void open_exec(struct agent *agent, struct stream *stream, struct reader *fields);

#endif
