#include "system/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "system/text.h"

int next_component(const char **path, char name[NAME_BYTES], struct fault *fault) {
    const char *at = *path;
    name[0] = '\0';
    for (;;) {
        while (*at == '/') at++;
        if (at[0] != '.' || (at[1] != '/' && at[1] != '\0')) break;
        at++;
    }
    size_t length = strcspn(at, "/");
    if (length == 2 && has_prefix(at, "..")) {
        return fail(fault, EINVAL, "the path leads out of its folder with \"..\"");
    }
    if (length >= NAME_BYTES) return fail(fault, ENAMETOOLONG, "a name in the path is too long");
    memcpy(name, at, length);
    name[length] = '\0';
    *path = at + length;
    return 0;
}

static bool is_link(int parent, const char *name) {
    struct stat status;
    return fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(status.st_mode);
}

int enter_beneath(int parent, const char *name, bool create, struct fault *fault) {
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(parent, name, flags);
    if (fd < 0 && errno == ENOENT && create) {
        if (mkdirat(parent, name, 0755) != 0 && errno != EEXIST) {
            return fail_errno(fault, "cannot make folder %s", quote(name).text);
        }
        fd = openat(parent, name, flags);
    }
    if (fd >= 0) return fd;
    int code = errno;
    if (is_link(parent, name)) {
        return fail(fault, ELOOP, "%s is a symbolic link, which is not followed",
                    quote(name).text);
    }
    errno = code;
    return fail_errno(fault, "cannot enter folder %s", quote(name).text);
}

int open_parent_beneath(int root, const char *path, bool create, char leaf[NAME_BYTES],
                        struct fault *fault) {
    if (*path == '/') return fail(fault, EINVAL, "the path %s is absolute", quote(path).text);
    int folder = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return fail_errno(fault, "cannot open the folder");
    if (next_component(&path, leaf, fault) != 0) goto failed;
    while (leaf[0] != '\0') {
        char name[NAME_BYTES];
        if (next_component(&path, name, fault) != 0) goto failed;
        if (name[0] == '\0') return folder;
        int inner = enter_beneath(folder, leaf, create, fault);
        if (inner < 0) goto failed;
        close(folder);
        folder = inner;
        memcpy(leaf, name, NAME_BYTES);
    }
    return folder;
failed:
    close(folder);
    return -1;
}

static int write_new(int parent, const char *name, const char *content, unsigned mode) {
    int fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) return -1;
    bool fine = write_fully(fd, content, strlen(content)) == 0 && fchmod(fd, mode) == 0;
    int code = errno;
    close(fd);
    errno = code;
    return fine ? 0 : -1;
}

int place_file(int root, const char *path, const char *content, unsigned mode,
               struct fault *fault) {
    static const char temporary[] = ".banger-new";
    char leaf[NAME_BYTES];
    int parent = open_parent_beneath(root, path, true, leaf, fault);
    if (parent < 0) return -1;
    (void)unlinkat(parent, temporary, 0);
    int outcome = 0;
    if (write_new(parent, temporary, content, mode) != 0 ||
        renameat(parent, temporary, parent, leaf) != 0) {
        outcome = fail_errno(fault, "cannot write %s", quote(path).text);
        (void)unlinkat(parent, temporary, 0);
    }
    close(parent);
    return outcome;
}
