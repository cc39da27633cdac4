/*
 * Files with several names that were packed already, so that the next name becomes a hard link.
 * Bounded: what does not fit any more is packed again as a file of its own.
 */
#ifndef BANGER_TASKS_SEEN_LINKS_H
#define BANGER_TASKS_SEEN_LINKS_H

#include <sys/types.h>

#define SEEN_LINKS_MAX 65536

struct seen_link;

struct seen_links {
    struct seen_link *buckets[4096];
    int count;
};

/* The path under which the file was seen first; NULL, and remembered, when this is the first. */
const char *seen_links_find(struct seen_links *seen, dev_t device, ino_t inode, const char *path);

#endif
