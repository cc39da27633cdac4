/* Finds a virtio-serial port by the name the VMM gave it. */
#ifndef BANGER_AGENT_PORT_H
#define BANGER_AGENT_PORT_H

#include "system/fault.h"

/* Opens the port, non-blocking, once it is there; -1 with the fault set when it does not come. */
int port_open(const char *name, int wait_ms, struct fault *fault);

#endif
