#include "tasks/seen-links.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct seen_link {
    struct seen_link *next;
    dev_t device;
    ino_t inode;
    char path[];
};

static void remember(struct seen_links *seen, struct seen_link **bucket, dev_t device, ino_t inode,
                     const char *path) {
    size_t length = strlen(path) + 1;
    if (seen->count >= SEEN_LINKS_MAX) return;
    struct seen_link *link = malloc(sizeof *link + length);
    if (link == NULL) return;
    link->next = *bucket;
    link->device = device;
    link->inode = inode;
    memcpy(link->path, path, length);
    *bucket = link;
    seen->count++;
}

const char *seen_links_find(struct seen_links *seen, dev_t device, ino_t inode, const char *path) {
    size_t slots = sizeof seen->buckets / sizeof seen->buckets[0];
    struct seen_link **bucket = &seen->buckets[inode % slots];
    for (struct seen_link *link = *bucket; link != NULL; link = link->next) {
        if (link->device == device && link->inode == inode) return link->path;
    }
    remember(seen, bucket, device, inode, path);
    return NULL;
}
