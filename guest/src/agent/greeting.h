/* The first frame of every session, made once: READY, or FAILED when the boot could not go on. */
#ifndef BANGER_AGENT_GREETING_H
#define BANGER_AGENT_GREETING_H

#include <stdbool.h>

#include "wire/frame.h"

/* From the report in the environment; true when it is READY. The bytes live for ever. */
bool greeting_make(struct frame *frame);

#endif
