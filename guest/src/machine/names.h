/* The names a guest goes by: host name, machine id, and whom it asks for other names. */
#ifndef BANGER_MACHINE_NAMES_H
#define BANGER_MACHINE_NAMES_H

#include "machine/config.h"

/* Writes what the configuration says below `root` and tells the kernel the host name. */
int names_apply(const struct config *config, int root, struct fault *fault);

#endif
