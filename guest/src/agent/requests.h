/* The table of operations. */
#ifndef BANGER_AGENT_REQUESTS_H
#define BANGER_AGENT_REQUESTS_H

#include "agent/session.h"

/* `owner` is the struct agent. */
void requests_open(void *owner, struct stream *stream, struct request *request);

#endif
