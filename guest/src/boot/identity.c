/*
 * The files the host sends along, put into the image. Their owners and modes are those in the
 * archive, from which the kernel made them; no link the image planted is followed.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "boot/boot.h"
#include "machine/names.h"
#include "system/beneath.h"
#include "system/text.h"

#define DEPTH_MAX 32

static const char TEMPORARY[] = ".banger-new";

static int copy_tree(int from, int to, int depth, struct fault *fault);

static int copy_bytes(int from, int to) {
    char bytes[16384];
    ssize_t got;
    while ((got = read(from, bytes, sizeof bytes)) > 0) {
        if (write_fully(to, bytes, (size_t)got) != 0) return -1;
    }
    return got < 0 ? -1 : 0;
}

/* Under another name first: the file appears whole, and a link in its place is replaced by it. */
static int put_in_place(int to, const char *name) {
    if (renameat(to, TEMPORARY, to, name) == 0) return 0;
    int code = errno;
    (void)unlinkat(to, TEMPORARY, 0);
    errno = code;
    return -1;
}

static int copy_file(int from, int to, const char *name, const struct stat *status) {
    int source = openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (source < 0) return -1;
    int target = openat(to, TEMPORARY, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool fine = target >= 0 && copy_bytes(source, target) == 0 &&
                fchown(target, status->st_uid, status->st_gid) == 0 &&
                fchmod(target, status->st_mode & 07777) == 0;
    int code = errno;
    close(source);
    close_quietly(&target);
    errno = code;
    return fine ? put_in_place(to, name) : -1;
}

static int copy_link(int from, int to, const char *name, const struct stat *status) {
    char target[4096];
    ssize_t length = readlinkat(from, name, target, sizeof target - 1);
    if (length < 0) return -1;
    target[length] = '\0';
    if (symlinkat(target, to, TEMPORARY) != 0) return -1;
    if (fchownat(to, TEMPORARY, status->st_uid, status->st_gid, AT_SYMLINK_NOFOLLOW) != 0) return -1;
    return put_in_place(to, name);
}

/* A folder the image has keeps its own owner and mode. */
static int copy_folder(int from, int to, const char *name, const struct stat *status, int depth,
                       struct fault *fault) {
    if (depth == DEPTH_MAX) return fail(fault, ENAMETOOLONG, "folders are nested too deep");
    bool made = mkdirat(to, name, 0700) == 0;
    int inner_to = enter_beneath(to, name, false, fault);
    int inner_from = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int outcome = inner_to >= 0 && inner_from >= 0 ? 0 : -1;
    if (outcome == 0 && made &&
        (fchown(inner_to, status->st_uid, status->st_gid) != 0 ||
         fchmod(inner_to, status->st_mode & 07777) != 0)) {
        outcome = fail_errno(fault, "cannot set the owner and mode of %s", quote(name).text);
    }
    if (outcome == 0) outcome = copy_tree(inner_from, inner_to, depth + 1, fault);
    close_quietly(&inner_to);
    close_quietly(&inner_from);
    return outcome;
}

static int copy_entry(int from, int to, const char *name, int depth, struct fault *fault) {
    struct stat status;
    if (fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
        return fail_errno(fault, "cannot look at %s", quote(name).text);
    }
    if (S_ISDIR(status.st_mode)) return copy_folder(from, to, name, &status, depth, fault);
    (void)unlinkat(to, TEMPORARY, 0);
    int outcome = S_ISLNK(status.st_mode) ? copy_link(from, to, name, &status)
                                          : copy_file(from, to, name, &status);
    if (outcome != 0) return fail_errno(fault, "cannot write %s", quote(name).text);
    /* The initrd lives in memory until the end: what is copied is given back. */
    (void)unlinkat(from, name, 0);
    return 0;
}

static int copy_tree(int from, int to, int depth, struct fault *fault) {
    int copy = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = copy < 0 ? NULL : fdopendir(copy);
    if (folder == NULL) return fail_errno(fault, "cannot list the identity files");
    int outcome = 0;
    const struct dirent *entry;
    while (outcome == 0 && (entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        outcome = copy_entry(from, to, entry->d_name, depth, fault);
    }
    closedir(folder);
    return outcome;
}

int write_identity(struct boot *boot, struct fault *fault) {
    int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0) return fail_errno(fault, "cannot open the root folder");
    int outcome = names_apply(&boot->config, root, fault);
    int from = openat(boot->initrd, IDENTITY_FILES, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (outcome == 0 && from >= 0) outcome = copy_tree(from, root, 0, fault);
    close_quietly(&from);
    close(root);
    return outcome;
}
