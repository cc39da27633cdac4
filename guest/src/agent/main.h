/* The agent as a whole. */
#ifndef BANGER_AGENT_MAIN_H
#define BANGER_AGENT_MAIN_H

#include <stdbool.h>

/*
 * Runs until the channel is gone for good. `ready_fd` (or -1) is closed once the channel is open and
 * whatever the host sent before was answered.
 */
int agent_main(const char *channel, bool owns_machine, int ready_fd);
/* Tells the host why the boot failed, if it listens, and returns. */
void agent_tell_failure(const char *channel);

#endif
