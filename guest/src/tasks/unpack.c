#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "system/text.h"
#include "tasks/tar-read.h"
#include "tasks/unpack.h"
#include "tasks/walk.h"

struct unpacking {
    const struct unpack_plan *plan;
    int root;
    struct tar_source source;
    struct tar_entry entry;
    struct walk walk;
    struct unpack_totals totals;
};

static struct timespec mtime_of(const struct tar_entry *entry) {
    return (struct timespec){.tv_sec = (time_t)entry->mtime, .tv_nsec = (long)entry->mtime_ns};
}

/* Order matters: a change of owner clears the set-user-id bit, so the mode comes after it. */
static int dress(int fd, const struct unpacking *unpacking, struct fault *fault) {
    const struct tar_entry *entry = &unpacking->entry;
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, mtime_of(entry)};
    if (geteuid() == 0 && fchown(fd, entry->uid, entry->gid) != 0) {
        return fail_errno(fault, "cannot set its owner");
    }
    if (fchmod(fd, entry->mode & 07777) != 0) return fail_errno(fault, "cannot set its mode");
    if (futimens(fd, times) != 0) return fail_errno(fault, "cannot set its time");
    return 0;
}

/*
 * A new file mostly has its owner and mode already. Looking costs a fraction of setting them, which
 * the file system journals each time.
 */
static int dress_new(int fd, const struct unpacking *unpacking, struct fault *fault) {
    const struct tar_entry *entry = &unpacking->entry;
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, mtime_of(entry)};
    struct stat status;
    if (fstat(fd, &status) != 0) return fail_errno(fault, "cannot look at it");
    bool owned = geteuid() != 0 || (status.st_uid == entry->uid && status.st_gid == entry->gid);
    if (!owned || (status.st_mode & 07777) != (entry->mode & 07777)) {
        return dress(fd, unpacking, fault);
    }
    return futimens(fd, times) == 0 ? 0 : fail_errno(fault, "cannot set its time");
}

/* For links, which cannot be opened, and devices, which must not be. */
static int dress_unopened(int parent, const char *leaf, const struct unpacking *unpacking,
                          struct fault *fault) {
    const struct tar_entry *entry = &unpacking->entry;
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, mtime_of(entry)};
    if (geteuid() == 0 &&
        fchownat(parent, leaf, entry->uid, entry->gid, AT_SYMLINK_NOFOLLOW) != 0) {
        return fail_errno(fault, "cannot set its owner");
    }
    if (utimensat(parent, leaf, times, AT_SYMLINK_NOFOLLOW) != 0) {
        return fail_errno(fault, "cannot set its time");
    }
    return 0;
}

static int copy_content(int fd, struct unpacking *unpacking, struct fault *fault) {
    const uint8_t *bytes;
    int64_t got;
    while ((got = tar_content(&unpacking->source, &bytes, fault)) > 0) {
        if (write_fully(fd, bytes, (size_t)got) != 0) return fail_errno(fault, "cannot write it");
        unpacking->totals.bytes += (uint64_t)got;
    }
    return got < 0 ? -1 : 0;
}

/* What was there under the name goes, except a folder, whose content nobody asked to lose. */
static int clear_name(int parent, const char *leaf, struct fault *fault) {
    if (unlinkat(parent, leaf, 0) == 0 || errno == ENOENT) return 0;
    if (errno == EISDIR || errno == EPERM) {
        return fail(fault, EISDIR, "a folder is in its place");
    }
    return fail_errno(fault, "cannot replace what is in its place");
}

static int make_file(int parent, const char *leaf, struct unpacking *unpacking,
                     struct fault *fault) {
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    /* Nobody else may open what is not theirs yet; for the rest of the mode there is no hurry. */
    bool ours = unpacking->entry.uid == geteuid() && unpacking->entry.gid == getegid();
    mode_t mode = ours ? unpacking->entry.mode & 0777 : 0600;
    int fd = openat(parent, leaf, flags, mode);
    if (fd < 0 && errno == EEXIST) {
        if (clear_name(parent, leaf, fault) != 0) return -1;
        fd = openat(parent, leaf, flags, mode);
    }
    if (fd < 0) return fail_errno(fault, "cannot create it");
    int outcome = copy_content(fd, unpacking, fault);
    if (outcome == 0) outcome = dress_new(fd, unpacking, fault);
    close(fd);
    return outcome;
}

static int make_folder(int parent, const char *leaf, struct unpacking *unpacking,
                       struct fault *fault) {
    if (leaf[0] != '\0') {
        if (mkdirat(parent, leaf, 0700) != 0 && errno != EEXIST) {
            return fail_errno(fault, "cannot create it");
        }
        if (walk_enter(&unpacking->walk, leaf, mtime_of(&unpacking->entry), fault) != 0) return -1;
        parent = unpacking->walk.levels[unpacking->walk.depth - 1].fd;
    } else {
        unpacking->walk.levels[0].has_mtime = true;
        unpacking->walk.levels[0].mtime = mtime_of(&unpacking->entry);
    }
    return dress(parent, unpacking, fault);
}

static int make_hard_link(int parent, const char *leaf, struct unpacking *unpacking,
                          struct fault *fault) {
    char source_leaf[NAME_BYTES];
    const char *target = unpacking->entry.target;
    struct stat status;
    int source = open_parent_beneath(unpacking->root, target, false, source_leaf, fault);
    if (source < 0) return -1;
    int outcome = 0;
    if (fstatat(source, source_leaf, &status, AT_SYMLINK_NOFOLLOW) != 0) {
        outcome = fail_errno(fault, "its hard link's target %s", quote(target).text);
    } else if (S_ISDIR(status.st_mode)) {
        outcome = fail(fault, EPERM, "its hard link's target %s is a folder", quote(target).text);
    } else if (clear_name(parent, leaf, fault) != 0) {
        outcome = -1;
    } else if (linkat(source, source_leaf, parent, leaf, 0) != 0) {
        outcome = fail_errno(fault, "cannot link it to %s", quote(target).text);
    }
    close(source);
    return outcome;
}

static int make_symlink(int parent, const char *leaf, struct unpacking *unpacking,
                        struct fault *fault) {
    if (clear_name(parent, leaf, fault) != 0) return -1;
    if (symlinkat(unpacking->entry.target, parent, leaf) != 0) {
        return fail_errno(fault, "cannot create it");
    }
    return dress_unopened(parent, leaf, unpacking, fault);
}

static int make_special(int parent, const char *leaf, struct unpacking *unpacking,
                        struct fault *fault) {
    const struct tar_entry *entry = &unpacking->entry;
    mode_t kind = entry->type == '3' ? S_IFCHR : entry->type == '4' ? S_IFBLK : S_IFIFO;
    if (clear_name(parent, leaf, fault) != 0) return -1;
    mode_t mode = kind | (entry->mode & 0777);
    if (mknodat(parent, leaf, mode, makedev(entry->major, entry->minor)) != 0) {
        return fail_errno(fault, "cannot create it");
    }
    return dress_unopened(parent, leaf, unpacking, fault);
}

static int make_entry(struct unpacking *unpacking, struct fault *fault) {
    char leaf[NAME_BYTES];
    int parent = walk_to(&unpacking->walk, unpacking->entry.path, leaf, fault);
    if (parent < 0) return -1;
    char type = unpacking->entry.type;
    if (type == '5') return make_folder(parent, leaf, unpacking, fault);
    if (leaf[0] == '\0') return fail(fault, EISDIR, "it names the target folder itself");
    if (type == '0') return make_file(parent, leaf, unpacking, fault);
    if (type == '1') return make_hard_link(parent, leaf, unpacking, fault);
    if (type == '2') return make_symlink(parent, leaf, unpacking, fault);
    return make_special(parent, leaf, unpacking, fault);
}

static int make_all(struct unpacking *unpacking, struct fault *fault) {
    for (;;) {
        int more = tar_next(&unpacking->source, &unpacking->entry, fault);
        if (more <= 0) return more;
        if (unpacking->plan->set_owner) {
            unpacking->entry.uid = unpacking->plan->uid;
            unpacking->entry.gid = unpacking->plan->gid;
        }
        struct fault inner = {0};
        if (make_entry(unpacking, &inner) != 0) {
            return fail(fault, inner.code, "cannot unpack %s: %s",
                        quote(unpacking->entry.path).text, inner.message);
        }
        unpacking->totals.entries++;
    }
}

int unpack_archive(const struct unpack_plan *plan, int source, int root,
                   struct unpack_totals *totals, struct fault *fault) {
    static struct unpacking unpacking;
    unpacking.plan = plan;
    unpacking.root = root;
    unpacking.totals = (struct unpack_totals){0};
    tar_open(&unpacking.source, source);
    walk_open(&unpacking.walk, root);
    int outcome = make_all(&unpacking, fault);
    if (outcome == 0) tar_drain(&unpacking.source);
    walk_close(&unpacking.walk);
    *totals = unpacking.totals;
    return outcome;
}
