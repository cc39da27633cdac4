/* A host's stream attached to a detached command; one at a time. */
#ifndef BANGER_AGENT_VIEWER_H
#define BANGER_AGENT_VIEWER_H

#include "agent/agent.h"

void open_attach(struct agent *agent, struct stream *stream, struct reader *fields);
/* Something new to see: output, or the command's end. */
void viewer_update(struct viewer *viewer);

#endif
