/*
 * What a child tells the agent, through the pipe STATUS_FD: a failure, or a task's result. A pipe
 * that closes without a word means that the command was executed.
 */
#ifndef BANGER_AGENT_STATUS_H
#define BANGER_AGENT_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/loop.h"
#include "system/fault.h"
#include "wire/bytes.h"

#define STATUS_FD 3
/* A symbolic link's target with all attributes is the longest; both ends keep to it. */
#define STATUS_MAX 8192

/* In the child. */
void status_fail(const struct fault *fault) __attribute__((noreturn));
void status_succeed(const struct writer *result) __attribute__((noreturn));

/* In the agent. */
struct status {
    struct watch watch;
    struct loop *loop;
    bool complete;
    size_t fill;
    uint8_t bytes[STATUS_MAX];
    void (*completed)(void *owner);
    void *owner;
};

void status_open(struct status *status, struct loop *loop, int fd);
bool status_is_failure(const struct status *status, struct fault *fault);
/* The result's fields; nothing when there is none. */
struct reader status_result(const struct status *status);
void status_close(struct status *status);

#endif
