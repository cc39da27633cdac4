/* The processes the agent started, and who wants to know when one ends. */
#ifndef BANGER_AGENT_CHILDREN_H
#define BANGER_AGENT_CHILDREN_H

#include <sys/types.h>

#include "agent/loop.h"

struct child {
    /* 0 when there is none to wait for. */
    pid_t pid;
    /* As from waitpid; meaningful once `ended` was called. */
    int status;
    void (*ended)(void *owner);
    void *owner;
    struct child *next;
};

struct children {
    struct watch signals;
    struct child *first;
};

/* Blocks SIGCHLD for good and takes it as events. */
int children_open(struct children *children, struct loop *loop);
void children_add(struct children *children, struct child *child);

#endif
