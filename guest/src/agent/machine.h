/* The clock and the random pool, which a restored guest needs set anew. */
#ifndef BANGER_AGENT_MACHINE_H
#define BANGER_AGENT_MACHINE_H

#include "agent/agent.h"

void open_set_clock(struct agent *agent, struct stream *stream, struct reader *fields);
void open_add_entropy(struct agent *agent, struct stream *stream, struct reader *fields);

#endif
