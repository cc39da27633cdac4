#include <fcntl.h>
#include <unistd.h>

#include "system/text.h"
#include "tasks/attributes.h"
#include "tasks/task.h"

struct plan {
    bool follow;
    char path[PATH_BYTES];
};

static void run(void *context) __attribute__((noreturn));
static void run(void *context) {
    const struct plan *plan = context;
    struct fault fault = {0};
    struct stat status;
    uint8_t bytes[STATUS_MAX - 1];
    struct writer result = write_into(bytes, sizeof bytes);
    int flags = plan->follow ? 0 : AT_SYMLINK_NOFOLLOW;
    if (fstatat(AT_FDCWD, plan->path, &status, flags) != 0) {
        (void)fail_errno(&fault, "cannot look at %s in the guest", quote(plan->path).text);
        status_fail(&fault);
    }
    put_attributes(&result, &status, AT_FDCWD, plan->path);
    status_succeed(&result);
}

void open_stat(struct agent *agent, struct stream *stream, struct reader *fields) {
    struct plan plan;
    plan.follow = (take_u8(fields) & STAT_FOLLOW) != 0;
    take_text(fields, plan.path, sizeof plan.path);
    task_start(agent, stream, fields, &(struct task){.run = run, .context = &plan});
}
