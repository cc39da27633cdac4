/*
 * The way from the target folder down to where an entry goes, kept open between entries: most
 * archives go depth first, so most entries find their folder open already. Nothing on the way is
 * ever a link, because every step was opened with O_NOFOLLOW.
 */
#ifndef BANGER_TASKS_WALK_H
#define BANGER_TASKS_WALK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "system/beneath.h"

/* Deeper trees are refused; the depth costs open descriptors, not memory. */
#define WALK_DEPTH_MAX 256

struct walk_level {
    int fd;
    char name[NAME_BYTES];
    /* A folder's own time, set when it is left: making entries in it changes it. */
    bool has_mtime;
    struct timespec mtime;
};

struct walk {
    int depth;
    struct walk_level levels[WALK_DEPTH_MAX];
};

void walk_open(struct walk *walk, int root);
/*
 * Goes to the folder that is to hold the last component of `path`, making missing folders, and
 * returns its descriptor, which stays the walk's. `leaf` is empty for the target folder itself.
 */
int walk_to(struct walk *walk, const char *path, char leaf[NAME_BYTES], struct fault *fault);
/* Goes one deeper, to a folder that is to get this time once it is left. */
int walk_enter(struct walk *walk, const char *name, struct timespec mtime, struct fault *fault);
/* Leaves everything. */
void walk_close(struct walk *walk);

#endif
