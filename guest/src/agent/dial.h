/* Connections from the host into the guest: TCP, Unix sockets, and UDP with its datagrams whole. */
#ifndef BANGER_AGENT_DIAL_H
#define BANGER_AGENT_DIAL_H

#include "agent/agent.h"

void open_dial(struct agent *agent, struct stream *stream, struct reader *fields);

#endif
