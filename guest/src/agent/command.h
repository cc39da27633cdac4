/*
 * A child whose pipes belong to one stream: a command the host runs in the foreground, or one of
 * the agent's own tasks (unpacking, listing and the like), which run in children too so that a slow
 * or stuck file system never stops the agent.
 */
#ifndef BANGER_AGENT_COMMAND_H
#define BANGER_AGENT_COMMAND_H

#include <stdint.h>

#include "agent/agent.h"
#include "agent/launch.h"

/* Between SIGHUP and SIGKILL for a foreground command whose host has gone. */
#define HANG_UP_GRACE_MS 5000

struct windows {
    uint32_t output;
    uint32_t errors;
};

/* Starts it and answers on the stream, now or later; the stream belongs to it from here on. */
void command_start(struct agent *agent, struct stream *stream, const struct launch *launch,
                   struct windows windows);

/* Signals the child's process group, or the child while it has none yet. */
void signal_group(pid_t pid, int number);
/* The fields that tell how a process ended: `how`, then its status or signal. */
void put_ending(struct writer *payload, int wait_status);

#endif
