#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "system/beneath.h"
#include "system/text.h"
#include "tasks/seen-links.h"
#include "tasks/tar-write.h"
#include "tasks/task.h"
#include "tasks/walk.h"

struct plan {
    bool one_file_system;
    char folder[PATH_BYTES];
    /* The names to pack, as they stand in the request; none means the folder's whole content. */
    uint32_t count;
    struct reader names;
};

struct packing {
    const struct plan *plan;
    int root;
    dev_t device;
    struct output output;
    struct tar_entry entry;
    struct seen_links seen;
    size_t path_length;
    uint64_t entries;
    uint64_t bytes;
};

static int pack_name(struct packing *packing, int parent, const char *name, int depth,
                     struct fault *fault);

static char type_of(mode_t mode) {
    switch (mode & S_IFMT) {
        case S_IFREG: return '0';
        case S_IFLNK: return '2';
        case S_IFCHR: return '3';
        case S_IFBLK: return '4';
        case S_IFDIR: return '5';
        case S_IFIFO: return '6';
        default: return '\0';
    }
}

static void describe(struct tar_entry *entry, const struct stat *status) {
    bool is_device = entry->type == '3' || entry->type == '4';
    entry->target[0] = '\0';
    entry->mode = status->st_mode & 07777;
    entry->uid = status->st_uid;
    entry->gid = status->st_gid;
    entry->size = entry->type == '0' ? (uint64_t)status->st_size : 0;
    entry->mtime = status->st_mtim.tv_sec;
    entry->mtime_ns = (uint32_t)status->st_mtim.tv_nsec;
    entry->major = is_device ? major(status->st_rdev) : 0;
    entry->minor = is_device ? minor(status->st_rdev) : 0;
}

/* The header promised a size: a file that shrinks meanwhile is filled up, one that grows is cut. */
static int put_content(struct packing *packing, int fd, uint64_t size, struct fault *fault) {
    static uint8_t bytes[65536];
    uint64_t left = size;
    bool ended = false;
    while (left > 0) {
        size_t part = left < sizeof bytes ? (size_t)left : sizeof bytes;
        ssize_t got = ended ? 0 : read(fd, bytes, part);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail_errno(fault, "cannot read it");
        if (got == 0) {
            ended = true;
            memset(bytes, 0, part);
            got = (ssize_t)part;
        }
        if (output_put(&packing->output, bytes, (size_t)got, fault) != 0) return -1;
        left -= (uint64_t)got;
    }
    packing->bytes += size;
    return tar_put_padding(&packing->output, size, fault);
}

/* Opened before it is described, so that size and content are of the same file. */
static int pack_file(struct packing *packing, int parent, const char *name, struct fault *fault) {
    struct stat status;
    int fd = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) return fail_errno(fault, "cannot open it");
    int outcome = -1;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        (void)fail(fault, EAGAIN, "it was replaced while it was packed");
    } else {
        describe(&packing->entry, &status);
        outcome = tar_put_header(&packing->output, &packing->entry, fault);
        if (outcome == 0) outcome = put_content(packing, fd, packing->entry.size, fault);
    }
    close(fd);
    return outcome;
}

static int append_name(struct packing *packing, const char *name, struct fault *fault) {
    struct tar_entry *entry = &packing->entry;
    size_t length = strlen(name);
    /* One byte for the slash before it, one for a folder's slash after it, one for the NUL. */
    if (packing->path_length + length + 3 > sizeof entry->path) {
        return fail(fault, ENAMETOOLONG, "its path is too long");
    }
    if (packing->path_length > 0) entry->path[packing->path_length++] = '/';
    memcpy(entry->path + packing->path_length, name, length + 1);
    packing->path_length += length;
    return 0;
}

static int pack_children(struct packing *packing, int folder_fd, int depth, struct fault *fault) {
    DIR *folder = fdopendir(folder_fd);
    int outcome = 0;
    if (folder == NULL) {
        close(folder_fd);
        return fail_errno(fault, "cannot list it");
    }
    while (outcome == 0) {
        errno = 0;
        const struct dirent *child = readdir(folder);
        if (child == NULL) {
            if (errno != 0) outcome = fail_errno(fault, "cannot list it");
            break;
        }
        if (strcmp(child->d_name, ".") == 0 || strcmp(child->d_name, "..") == 0) continue;
        outcome = pack_name(packing, dirfd(folder), child->d_name, depth + 1, fault);
    }
    closedir(folder);
    return outcome;
}

static int pack_folder(struct packing *packing, int parent, const char *name, int depth,
                       struct fault *fault) {
    struct tar_entry *entry = &packing->entry;
    if (depth >= WALK_DEPTH_MAX) {
        return fail(fault, ENAMETOOLONG, "folders are nested more than %d deep", WALK_DEPTH_MAX - 1);
    }
    int fd = enter_beneath(parent, name, false, fault);
    if (fd < 0) return -1;
    memcpy(entry->path + packing->path_length, "/", 2);
    int outcome = tar_put_header(&packing->output, entry, fault);
    entry->path[packing->path_length] = '\0';
    if (outcome == 0) return pack_children(packing, fd, depth, fault);
    close(fd);
    return outcome;
}

static int pack_link(struct packing *packing, int parent, const char *name, struct fault *fault) {
    struct tar_entry *entry = &packing->entry;
    ssize_t length = readlinkat(parent, name, entry->target, sizeof entry->target - 1);
    if (length < 0) return fail_errno(fault, "cannot read the link");
    entry->target[length] = '\0';
    return tar_put_header(&packing->output, entry, fault);
}

static int pack_kind(struct packing *packing, int parent, const char *name,
                     const struct stat *status, int depth, struct fault *fault) {
    struct tar_entry *entry = &packing->entry;
    describe(entry, status);
    if (entry->type == '5') return pack_folder(packing, parent, name, depth, fault);
    const char *first = status->st_nlink > 1
                            ? seen_links_find(&packing->seen, status->st_dev, status->st_ino,
                                              entry->path)
                            : NULL;
    if (first != NULL && strlen(first) < sizeof entry->target) {
        entry->type = '1';
        entry->size = 0;
        memcpy(entry->target, first, strlen(first) + 1);
        return tar_put_header(&packing->output, entry, fault);
    }
    if (entry->type == '0') return pack_file(packing, parent, name, fault);
    if (entry->type == '2') return pack_link(packing, parent, name, fault);
    return tar_put_header(&packing->output, entry, fault);
}

static int pack_name(struct packing *packing, int parent, const char *name, int depth,
                     struct fault *fault) {
    struct stat status;
    size_t length = packing->path_length;
    if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
        /* Removed since its folder was listed; a name that was asked for must be there. */
        if (errno == ENOENT && depth > 0) return 0;
        return fail_errno(fault, "cannot look at it");
    }
    packing->entry.type = type_of(status.st_mode);
    bool elsewhere = packing->plan->one_file_system && status.st_dev != packing->device;
    /* Sockets are no files to be kept. */
    if (packing->entry.type == '\0' || elsewhere) return 0;
    if (append_name(packing, name, fault) != 0) return -1;
    if (pack_kind(packing, parent, name, &status, depth, fault) != 0) return -1;
    packing->entries++;
    packing->path_length = length;
    packing->entry.path[length] = '\0';
    return 0;
}

/* A name may be a path; its folders are entered without following links, like everything below. */
static int pack_asked(struct packing *packing, const char *path, struct fault *fault) {
    char leaf[NAME_BYTES];
    int parent = open_parent_beneath(packing->root, path, false, leaf, fault);
    if (parent < 0) return -1;
    size_t length = strlen(path) - strlen(leaf);
    while (length > 0 && path[length - 1] == '/') length--;
    int outcome = 0;
    if (leaf[0] == '\0') {
        outcome = fail(fault, EINVAL, "it names the folder itself; ask for no names instead");
    } else if (strcmp(path + strlen(path) - strlen(leaf), leaf) != 0 ||
               length >= sizeof packing->entry.path) {
        outcome = fail(fault, EINVAL, "it ends with a slash or a dot");
    } else {
        memcpy(packing->entry.path, path, length);
        packing->entry.path[length] = '\0';
        packing->path_length = length;
        outcome = pack_name(packing, parent, leaf, 0, fault);
    }
    close(parent);
    return outcome;
}

static int pack_all(struct packing *packing, struct fault *fault) {
    struct reader names = packing->plan->names;
    for (uint32_t at = 0; at < packing->plan->count; at++) {
        char path[PATH_BYTES];
        take_text(&names, path, sizeof path);
        struct fault inner = {0};
        if (pack_asked(packing, path, &inner) != 0) {
            bool inside = packing->path_length > 0;
            return fail(fault, inner.code, "cannot pack %s: %s",
                        quote(inside ? packing->entry.path : path).text, inner.message);
        }
    }
    if (packing->plan->count > 0) return 0;
    struct fault inner = {0};
    int copy = openat(packing->root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (copy >= 0 && pack_children(packing, copy, 0, &inner) == 0) return 0;
    return fail(fault, inner.code, "cannot pack %s: %s", quote(packing->entry.path).text,
                inner.message);
}

static void run(void *context) __attribute__((noreturn));
static void run(void *context) {
    static struct packing packing;
    struct fault fault = {0};
    struct stat status;
    uint8_t bytes[16];
    struct writer result = write_into(bytes, sizeof bytes);
    packing.plan = context;
    packing.root = open(packing.plan->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (packing.root < 0 || fstat(packing.root, &status) != 0) {
        (void)fail_errno(&fault, "cannot open folder %s in the guest",
                         quote(packing.plan->folder).text);
        status_fail(&fault);
    }
    packing.device = status.st_dev;
    if (pack_all(&packing, &fault) != 0) status_fail(&fault);
    if (tar_put_end(&packing.output, &fault) != 0) status_fail(&fault);
    put_u64(&result, packing.entries);
    put_u64(&result, packing.bytes);
    status_succeed(&result);
}

static void check_names(struct plan *plan, struct reader *fields) {
    plan->count = take_u32(fields);
    plan->names = *fields;
    for (uint32_t at = 0; at < plan->count && !fields->failed; at++) {
        char path[PATH_BYTES];
        take_text(fields, path, sizeof path);
    }
}

void open_pack(struct agent *agent, struct stream *stream, struct reader *fields) {
    struct plan plan;
    plan.one_file_system = (take_u8(fields) & PACK_ONE_FILE_SYSTEM) != 0;
    uint32_t window = take_u32(fields);
    take_text(fields, plan.folder, sizeof plan.folder);
    check_names(&plan, fields);
    task_start(agent, stream, fields,
               &(struct task){.run = run, .context = &plan, .window = window});
}
