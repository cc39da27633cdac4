#include "jail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/file.h>
#include <sys/stat.h>

unsigned long long start_ticks(pid_t pid) {
    char path[64];
    char stat[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    ssize_t length = read(fd, stat, sizeof stat - 1);
    close(fd);
    if (length <= 0) return 0;
    stat[length] = '\0';
    /* The name in parentheses may hold anything, parentheses too, so fields are counted from the last one. */
    const char *at = strrchr(stat, ')');
    /* proc(5): the name is field 2 and the start time field 22. */
    for (int field = 2; at != NULL && field < 22; field++) at = strchr(at + 1, ' ');
    return at == NULL ? 0 : strtoull(at + 1, NULL, 10);
}

static bool try_lock(int fd) {
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) return true;
    if (errno != EWOULDBLOCK) fail_errno("cannot lock the record");
    return false;
}

/* The longer record follows the shorter one, so a reader never finds an empty file. */
static void write_record(const struct plan *plan, unsigned long long mount_namespace) {
    char text[256];
    int length = snprintf(text, sizeof text,
                          "{\"uid\":%u,\"pid\":%d,\"startTicks\":%llu,\"mountNamespace\":%llu}\n", plan->uid,
                          (int)getpid(), start_ticks(getpid()), mount_namespace);
    if (pwrite(plan->record_fd, text, (size_t)length, 0) != length) fail_errno("cannot write the record");
    if (ftruncate(plan->record_fd, length) != 0) fail_errno("cannot write the record");
}

/*
 * Done by the process that becomes the VMM, before anything else: whenever rootd dies, what it had begun to
 * launch has a record that names its uid, and a lock that keeps a second launch away from the same disks.
 */
void take_record(const struct plan *plan) {
    if (!try_lock(plan->lock_fd)) _exit(LOCK_HELD);
    write_record(plan, 0);
}

/* No two jails have the same mount namespace, and a process without capabilities cannot leave its own. */
void complete_record(const struct plan *plan) {
    struct stat jail;
    if (stat("/proc/self/ns/mnt", &jail) != 0) fail_errno("cannot read the mount namespace");
    write_record(plan, jail.st_ino);
}

/* jail locked PATH: says "held" or "free" on standard output. */
int tell_lock(char **arguments) {
    int fd = open(arguments[0], O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno != ENOENT) fail_errno("cannot open %s", arguments[0]);
    puts(fd < 0 || try_lock(fd) ? "free" : "held");
    return 0;
}
