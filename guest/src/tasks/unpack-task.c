#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "system/text.h"
#include "tasks/unpack.h"

/* The folder itself is the host's word and may lead over links; what is unpacked into it may not. */
static int open_target(const struct unpack_plan *plan, struct fault *fault) {
    char path[PATH_BYTES];
    memcpy(path, plan->folder, sizeof path);
    for (char *at = path; plan->create_folder && *at != '\0'; at++) {
        if (*at != '/' || at == path) continue;
        *at = '\0';
        (void)mkdir(path, 0755);
        *at = '/';
    }
    if (plan->create_folder) (void)mkdir(path, 0755);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return fail_errno(fault, "cannot open folder %s in the guest", quote(path).text);
    return fd;
}

static void run(void *context) __attribute__((noreturn));
static void run(void *context) {
    const struct unpack_plan *plan = context;
    struct fault fault = {0};
    struct unpack_totals totals;
    uint8_t bytes[16];
    struct writer result = write_into(bytes, sizeof bytes);
    int root = open_target(plan, &fault);
    if (root < 0) status_fail(&fault);
    umask(0);
    if (unpack_archive(plan, STDIN_FILENO, root, &totals, &fault) != 0) status_fail(&fault);
    put_u64(&result, totals.entries);
    put_u64(&result, totals.bytes);
    status_succeed(&result);
}

void open_unpack(struct agent *agent, struct stream *stream, struct reader *fields) {
    struct unpack_plan plan;
    uint8_t flags = take_u8(fields);
    plan.create_folder = (flags & UNPACK_CREATE_FOLDER) != 0;
    plan.set_owner = (flags & UNPACK_SET_OWNER) != 0;
    plan.uid = take_u32(fields);
    plan.gid = take_u32(fields);
    take_text(fields, plan.folder, sizeof plan.folder);
    task_start(agent, stream, fields,
               &(struct task){.run = run, .context = &plan, .takes_data = true});
}
