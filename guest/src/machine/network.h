/* Addresses and routes, by the ioctls every kernel has. IPv4 only: netd hands out nothing else. */
#ifndef BANGER_MACHINE_NETWORK_H
#define BANGER_MACHINE_NETWORK_H

#include "machine/config.h"

int network_loopback_up(struct fault *fault);
/* Waits for the interface, then sets it up; one that is up already gets the new addresses. */
int network_apply(const struct config *config, struct fault *fault);

#endif
