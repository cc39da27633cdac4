/*
 * Paths that stay inside a folder. Every component is opened by itself without following links, so
 * neither ".." nor a link, planted before or swapped in meanwhile, leads out.
 */
#ifndef BANGER_SYSTEM_BENEATH_H
#define BANGER_SYSTEM_BENEATH_H

#include <limits.h>
#include <stdbool.h>

#include "system/fault.h"

#define NAME_BYTES (NAME_MAX + 1)

/*
 * Takes the next component off `*path` into `name`; an empty name means that there was none.
 * Absolute paths, ".." and names that are too long are refused.
 */
int next_component(const char **path, char name[NAME_BYTES], struct fault *fault);

/* Opens the folder `name` in `parent`, made with mode 0755 if missing and `create`. */
int enter_beneath(int parent, const char *name, bool create, struct fault *fault);

/*
 * Opens the folder that holds `path`'s last component, which goes to `leaf` (empty for the folder
 * `root` itself). The descriptor is the caller's to close.
 */
int open_parent_beneath(int root, const char *path, bool create, char leaf[NAME_BYTES],
                        struct fault *fault);

/* Puts a file there in one step: a reader sees the old content or the new. Never through a link. */
int place_file(int root, const char *path, const char *content, unsigned mode, struct fault *fault);

#endif
