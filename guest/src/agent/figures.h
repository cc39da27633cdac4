/* How the guest is doing: memory, CPU, load, disks, network; cheap enough to ask every second. */
#ifndef BANGER_AGENT_FIGURES_H
#define BANGER_AGENT_FIGURES_H

#include "agent/agent.h"

void open_figures(struct agent *agent, struct stream *stream, struct reader *fields);

#endif
