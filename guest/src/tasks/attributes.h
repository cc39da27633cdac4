/* A file's attributes as they travel; docs/guest-protocol.md, "Attributes". */
#ifndef BANGER_TASKS_ATTRIBUTES_H
#define BANGER_TASKS_ATTRIBUTES_H

#include <sys/stat.h>

#include "wire/bytes.h"

/* `folder` and `name` say where to read a symbolic link's target. */
void put_attributes(struct writer *record, const struct stat *status, int folder, const char *name);

#endif
