/* The first frame of every session: READY, or FAILED when the boot could not go on. */
#ifndef BANGER_AGENT_GREETING_H
#define BANGER_AGENT_GREETING_H

#include "wire/frame.h"

/* From the report in the environment. The bytes are good until it is called again. */
void greeting_make(struct frame *frame);

#endif
