#include "jail.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

/* OPEN_TREE_CLONE and MOVE_MOUNT_F_EMPTY_PATH of linux/mount.h, which musl's headers do not have. */
enum { CLONED = 1, FROM_DESCRIPTOR = 4 };

static void make_parents(const char *path) {
    char part[PATH_MAX];
    snprintf(part, sizeof part, ".%s", path);
    for (char *at = part + 2; (at = strchr(at, '/')) != NULL; at++) {
        *at = '\0';
        if (mkdir(part, 0755) != 0 && errno != EEXIST) fail_errno("cannot make %s", part);
        *at = '/';
    }
}

static void make_file(const char *path) {
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0) fail_errno("cannot make %s", path);
    close(fd);
}

static void protect(const char *path) {
    const unsigned long flags = MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV;
    if (mount(NULL, path, NULL, flags, NULL) != 0) fail_errno("cannot protect %s", path);
}

/* A descriptor of a mount can be mounted in another namespace only as a clone made in its own. */
static void clone_binds(const struct items *binds, int trees[MOST_ITEMS]) {
    const unsigned flags = CLONED | O_CLOEXEC | AT_EMPTY_PATH;
    for (int i = 0; i < binds->count; i++) {
        trees[i] = (int)syscall(SYS_open_tree, binds->at[i].fd, "", flags);
        if (trees[i] < 0) fail_errno("cannot take %s into the jail", binds->at[i].text);
    }
}

static void mount_binds(const struct items *binds, const int trees[MOST_ITEMS]) {
    for (int i = 0; i < binds->count; i++) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, ".%s", binds->at[i].text);
        make_file(path);
        if (syscall(SYS_move_mount, trees[i], "", AT_FDCWD, path, FROM_DESCRIPTOR) != 0) {
            fail_errno("cannot mount %s", path);
        }
        close(trees[i]);
        protect(path);
    }
}

static void repeat_link(const char *host, const char *path) {
    char target[PATH_MAX];
    ssize_t length = readlink(host, target, sizeof target - 1);
    if (length < 0) fail_errno("cannot read %s", host);
    target[length] = '\0';
    if (symlink(target, path) != 0) fail_errno("cannot link %s", path);
}

/* Without MS_REC: what somebody mounted below a system folder does not come along. */
static void mount_system(const char *host) {
    char path[PATH_MAX];
    struct stat found;
    snprintf(path, sizeof path, ".%s", host);
    if (lstat(host, &found) != 0) fail_errno("cannot look at %s", host);
    make_parents(host);
    if (S_ISLNK(found.st_mode)) {
        repeat_link(host, path);
        return;
    }
    if (!S_ISDIR(found.st_mode)) make_file(path);
    else if (mkdir(path, 0755) != 0) fail_errno("cannot make %s", path);
    if (mount(host, path, NULL, MS_BIND, NULL) != 0) fail_errno("cannot mount %s", path);
    protect(path);
}

/* A node of its own, because the host's belongs to a group that the VMM is not in. */
static void make_device(const struct plan *plan, const char *host) {
    char path[PATH_MAX];
    struct stat found;
    snprintf(path, sizeof path, ".%s", host);
    if (stat(host, &found) != 0) fail_errno("cannot look at %s", host);
    if (!S_ISCHR(found.st_mode)) fail("%s is not a device", host);
    make_parents(host);
    if (mknod(path, S_IFCHR | 0600, found.st_rdev) != 0) fail_errno("cannot make %s", path);
    if (chown(path, plan->uid, plan->uid) != 0) fail_errno("cannot give %s away", path);
}

static void fill_root(const struct plan *plan, const int trees[MOST_ITEMS]) {
    const unsigned long nodev = plan->devices.count == 0 ? MS_NODEV : 0;
    const unsigned long flags = MS_NOSUID | MS_NOEXEC | nodev;
    if (mount("jail", plan->root, "tmpfs", flags, "mode=0755,size=64k") != 0) fail_errno("cannot mount the jail");
    if (chdir(plan->root) != 0) fail_errno("cannot enter %s", plan->root);
    umask(022);
    for (int i = 0; i < plan->systems.count; i++) mount_system(plan->systems.at[i].text);
    for (int i = 0; i < plan->devices.count; i++) make_device(plan, plan->devices.at[i].text);
    mount_binds(&plan->binds, trees);
    umask(077);
    if (mount(NULL, plan->root, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | flags, NULL) != 0) {
        fail_errno("cannot protect the jail");
    }
}

/*
 * The network namespace is empty: packets go through the tap's descriptor, so the VMM needs no socket to
 * anywhere. The IPC namespace keeps it from the host's shared memory.
 */
void enter_jail(const struct plan *plan) {
    int trees[MOST_ITEMS];
    clone_binds(&plan->binds, trees);
    if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC) != 0) fail_errno("cannot leave the host's namespaces");
    /* Nothing mounted from here on is seen outside, and the other way round. */
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) fail_errno("cannot make the mounts private");
    complete_record(plan);
    fill_root(plan, trees);
    /* pivot_root(2), "pivot_root(".", ".")": the old root ends on top of the new one and is taken off. */
    if (syscall(SYS_pivot_root, ".", ".") != 0) fail_errno("cannot change the root");
    if (umount2(".", MNT_DETACH) != 0) fail_errno("cannot leave the old root");
    if (chdir("/") != 0) fail_errno("cannot enter the new root");
}
