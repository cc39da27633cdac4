#include "tasks/walk.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int folder_of(const struct walk *walk) {
    return walk->levels[walk->depth - 1].fd;
}

void walk_open(struct walk *walk, int root) {
    walk->depth = 1;
    walk->levels[0] = (struct walk_level){.fd = root};
}

static void leave(struct walk *walk) {
    struct walk_level *level = &walk->levels[--walk->depth];
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, level->mtime};
    if (level->has_mtime) futimens(level->fd, times);
    close(level->fd);
}

void walk_close(struct walk *walk) {
    while (walk->depth > 0) leave(walk);
}

static int push(struct walk *walk, const char *name, bool create, struct fault *fault) {
    if (walk->depth == WALK_DEPTH_MAX) {
        return fail(fault, ENAMETOOLONG, "folders are nested more than %d deep", WALK_DEPTH_MAX - 1);
    }
    int fd = enter_beneath(folder_of(walk), name, create, fault);
    if (fd < 0) return -1;
    struct walk_level *level = &walk->levels[walk->depth++];
    *level = (struct walk_level){.fd = fd};
    memcpy(level->name, name, strlen(name) + 1);
    return 0;
}

int walk_enter(struct walk *walk, const char *name, struct timespec mtime, struct fault *fault) {
    if (push(walk, name, false, fault) != 0) return -1;
    walk->levels[walk->depth - 1].has_mtime = true;
    walk->levels[walk->depth - 1].mtime = mtime;
    return 0;
}

/* One component on: stays on the open way where it agrees, and leaves it where it does not. */
static int step(struct walk *walk, int at, const char *name, struct fault *fault) {
    if (at < walk->depth && strcmp(walk->levels[at].name, name) == 0) return 0;
    while (walk->depth > at) leave(walk);
    return push(walk, name, true, fault);
}

int walk_to(struct walk *walk, const char *path, char leaf[NAME_BYTES], struct fault *fault) {
    if (*path == '/') return fail(fault, EINVAL, "the path is absolute");
    int at = 1;
    if (next_component(&path, leaf, fault) != 0) return -1;
    while (leaf[0] != '\0') {
        char name[NAME_BYTES];
        if (next_component(&path, name, fault) != 0) return -1;
        if (name[0] == '\0') break;
        if (step(walk, at++, leaf, fault) != 0) return -1;
        memcpy(leaf, name, NAME_BYTES);
    }
    while (walk->depth > at) leave(walk);
    return folder_of(walk);
}
