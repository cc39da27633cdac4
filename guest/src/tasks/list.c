#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "system/text.h"
#include "tasks/file-record.h"
#include "tasks/task.h"

struct plan {
    char path[PATH_BYTES];
};

static int put_entry(struct output *output, int folder, const char *name, struct fault *fault) {
    struct stat status;
    /* Removed since it was listed. */
    if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return 0;
    struct file_record record = {.told_as = name, .folder = folder, .name = name};
    return put_file_record(output, &record, &status, fault);
}

static int list(DIR *folder, struct output *output, uint64_t *count, struct fault *fault) {
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(folder);
        if (entry == NULL) break;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        if (put_entry(output, dirfd(folder), entry->d_name, fault) != 0) return -1;
        ++*count;
    }
    if (errno != 0) return fail_errno(fault, "cannot read the folder to its end");
    return output_flush(output, fault);
}

static void run(void *context) __attribute__((noreturn));
static void run(void *context) {
    const struct plan *plan = context;
    static struct output output;
    struct fault fault = {0};
    uint64_t count = 0;
    uint8_t bytes[8];
    struct writer result = write_into(bytes, sizeof bytes);
    DIR *folder = opendir(plan->path);
    if (folder == NULL) {
        (void)fail_errno(&fault, "cannot list folder %s in the guest", quote(plan->path).text);
        status_fail(&fault);
    }
    if (list(folder, &output, &count, &fault) != 0) status_fail(&fault);
    put_u64(&result, count);
    status_succeed(&result);
}

void open_list(struct agent *agent, struct stream *stream, struct reader *fields) {
    struct plan plan;
    uint32_t window = take_u32(fields);
    take_text(fields, plan.path, sizeof plan.path);
    task_start(agent, stream, fields,
               &(struct task){.run = run, .context = &plan, .window = window});
}
