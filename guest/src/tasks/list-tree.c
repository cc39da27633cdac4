#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "system/beneath.h"
#include "system/text.h"
#include "tasks/file-record.h"
#include "tasks/task.h"
#include "tasks/walk.h"

struct plan {
    char folder[PATH_BYTES];
    /* Folders of this name are told, and not entered; empty for none. */
    char skipped[NAME_BYTES];
};

struct listing {
    const struct plan *plan;
    struct output output;
    uint64_t count;
    size_t path_length;
    char path[PATH_BYTES];
};

static int list_folder(struct listing *listing, int folder_fd, int depth, struct fault *fault);

static int append_name(struct listing *listing, const char *name, struct fault *fault) {
    size_t length = strlen(name);
    /* One byte for the slash before it, one for the NUL. */
    if (listing->path_length + length + 2 > sizeof listing->path) {
        return fail(fault, ENAMETOOLONG, "a path below %s is too long", quote(listing->path).text);
    }
    if (listing->path_length > 0) listing->path[listing->path_length++] = '/';
    memcpy(listing->path + listing->path_length, name, length + 1);
    listing->path_length += length;
    return 0;
}

/* What is no folder any more, or gone, was told as it was; that is all a listing can promise. */
static int enter(struct listing *listing, int parent, const char *name, int depth,
                 struct fault *fault) {
    if (depth == WALK_DEPTH_MAX) {
        return fail(fault, ENAMETOOLONG, "folders are nested more than %d deep", WALK_DEPTH_MAX - 1);
    }
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0) return list_folder(listing, fd, depth, fault);
    if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) return 0;
    return fail_errno(fault, "cannot enter folder %s", quote(listing->path).text);
}

static int list_child(struct listing *listing, int folder, const char *name, int depth,
                      struct fault *fault) {
    struct stat status;
    size_t length = listing->path_length;
    /* Removed since its folder was read. */
    if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return 0;
    if (append_name(listing, name, fault) != 0) return -1;
    struct file_record record = {.told_as = listing->path, .folder = folder, .name = name};
    if (put_file_record(&listing->output, &record, &status, fault) != 0) return -1;
    listing->count++;
    bool entered = S_ISDIR(status.st_mode) && strcmp(name, listing->plan->skipped) != 0;
    if (entered && enter(listing, folder, name, depth + 1, fault) != 0) return -1;
    listing->path_length = length;
    listing->path[length] = '\0';
    return 0;
}

static int list_folder(struct listing *listing, int folder_fd, int depth, struct fault *fault) {
    DIR *folder = fdopendir(folder_fd);
    int outcome = 0;
    if (folder == NULL) {
        close(folder_fd);
        return fail_errno(fault, "cannot list folder %s", quote(listing->path).text);
    }
    while (outcome == 0) {
        errno = 0;
        const struct dirent *child = readdir(folder);
        if (child == NULL) {
            if (errno != 0) outcome = fail_errno(fault, "cannot read a folder to its end");
            break;
        }
        if (strcmp(child->d_name, ".") == 0 || strcmp(child->d_name, "..") == 0) continue;
        outcome = list_child(listing, dirfd(folder), child->d_name, depth, fault);
    }
    closedir(folder);
    return outcome;
}

static void run(void *context) __attribute__((noreturn));
static void run(void *context) {
    static struct listing listing;
    struct fault fault = {0};
    uint8_t bytes[8];
    struct writer result = write_into(bytes, sizeof bytes);
    listing.plan = context;
    int root = open(listing.plan->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0) {
        (void)fail_errno(&fault, "cannot list folder %s in the guest",
                         quote(listing.plan->folder).text);
        status_fail(&fault);
    }
    int outcome = list_folder(&listing, root, 0, &fault);
    /* Also before a failure: the host reads whole records, and then why they end. */
    struct fault late = {0};
    if (output_flush(&listing.output, &late) != 0 && outcome == 0) status_fail(&late);
    if (outcome != 0) status_fail(&fault);
    put_u64(&result, listing.count);
    status_succeed(&result);
}

void open_list_tree(struct agent *agent, struct stream *stream, struct reader *fields) {
    struct plan plan;
    uint32_t window = take_u32(fields);
    take_text(fields, plan.folder, sizeof plan.folder);
    take_text(fields, plan.skipped, sizeof plan.skipped);
    task_start(agent, stream, fields,
               &(struct task){.run = run, .context = &plan, .window = window});
}
