/*
 * Makes the files of a tar stream below a folder. Every entry is confined to it: no name, and no
 * link that was there or that the archive itself brings, leads out.
 */
#ifndef BANGER_TASKS_UNPACK_H
#define BANGER_TASKS_UNPACK_H

#include <stdbool.h>
#include <stdint.h>

#include "system/fault.h"
#include "tasks/task.h"

struct unpack_plan {
    bool create_folder;
    /* Instead of the owners in the archive. */
    bool set_owner;
    uint32_t uid;
    uint32_t gid;
    char folder[PATH_BYTES];
};

struct unpack_totals {
    uint64_t entries;
    uint64_t bytes;
};

/*
 * Reads the archive from `source`; `root` is closed in the end. What was made before a failure
 * stays. Expects umask 0.
 */
int unpack_archive(const struct unpack_plan *plan, int source, int root,
                   struct unpack_totals *totals, struct fault *fault);

#endif
