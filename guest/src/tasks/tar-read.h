/*
 * Reads a tar stream: ustar, pax and GNU long names. It trusts nothing: every length is bounded
 * before it is used, and what is not understood is refused by name.
 */
#ifndef BANGER_TASKS_TAR_READ_H
#define BANGER_TASKS_TAR_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "system/fault.h"
#include "tasks/task.h"

#define TAR_BLOCK 512
/* Of one extended header; names are far shorter, extended attributes are not kept. */
#define TAR_EXTENDED_MAX 131072

struct tar_entry {
    /* '0' file, '1' hard link, '2' symbolic link, '3' '4' devices, '5' folder, '6' pipe. */
    char type;
    char path[PATH_BYTES];
    char target[PATH_BYTES];
    uint32_t mode;
    uint32_t uid;
    uint32_t gid;
    uint64_t size;
    int64_t mtime;
    uint32_t mtime_ns;
    uint32_t major;
    uint32_t minor;
};

/* What an extended header says about the entry after it. */
struct tar_overrides {
    struct tar_known {
        bool path, target, size, uid, gid, mtime;
    } has;
    struct tar_entry values;
};

struct tar_source {
    int fd;
    size_t head;
    size_t fill;
    /* Of the current entry: content not handed out yet, and the padding after it. */
    uint64_t left;
    uint32_t padding;
    bool ended;
    struct tar_overrides overrides;
    uint8_t buffer[65536];
};

void tar_open(struct tar_source *source, int fd);
/* 1: an entry; 0: the archive is over; -1: the fault says why not. */
int tar_next(struct tar_source *source, struct tar_entry *entry, struct fault *fault);
/* The next piece of the entry's content, 0 at its end, -1 with a fault. */
int64_t tar_content(struct tar_source *source, const uint8_t **bytes, struct fault *fault);
/* Reads what follows the archive, so that its writer is not cut off. */
void tar_drain(struct tar_source *source);

/* tar-extended.c: `records` is the content of a pax header. */
int tar_read_pax(struct tar_overrides *overrides, char *records, size_t length,
                 struct fault *fault);
bool tar_parse_time(const char *text, int64_t *seconds, uint32_t *nanoseconds);

#endif
