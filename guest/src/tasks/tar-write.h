/* Writes a tar stream: ustar headers, with a pax header before one that does not say enough. */
#ifndef BANGER_TASKS_TAR_WRITE_H
#define BANGER_TASKS_TAR_WRITE_H

#include "tasks/tar-read.h"

/* The header of an entry; its content and tar_put_padding follow for a file. */
int tar_put_header(struct output *output, const struct tar_entry *entry, struct fault *fault);
int tar_put_padding(struct output *output, uint64_t size, struct fault *fault);
int tar_put_end(struct output *output, struct fault *fault);

#endif
