/* One file of a listing as it travels; docs/guest-protocol.md, LIST and LIST_TREE. */
#ifndef BANGER_TASKS_FILE_RECORD_H
#define BANGER_TASKS_FILE_RECORD_H

#include <sys/stat.h>

#include "system/fault.h"
#include "tasks/task.h"

struct file_record {
    /* The name that the host is told. */
    const char *told_as;
    /* Where a symbolic link's target is read. */
    int folder;
    const char *name;
};

int put_file_record(struct output *output, const struct file_record *file,
                    const struct stat *status, struct fault *fault);

#endif
