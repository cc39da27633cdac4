#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "machine/config.h"
#include "machine/names.h"
#include "machine/network.h"
#include "tasks/task.h"

static void run(void *context) __attribute__((noreturn));
static void run(void *context) {
    const struct config *config = context;
    struct fault fault = {0};
    struct writer nothing = write_into(NULL, 0);
    int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0) {
        (void)fail_errno(&fault, "cannot open the root folder");
        status_fail(&fault);
    }
    if (names_apply(config, root, &fault) != 0) status_fail(&fault);
    if (network_apply(config, &fault) != 0) status_fail(&fault);
    status_succeed(&nothing);
}

void open_set_identity(struct agent *agent, struct stream *stream, struct reader *fields) {
    struct fault fault = {0};
    struct config config;
    char text[CONFIG_BYTES_MAX];
    config_defaults(&config);
    take_text(fields, text, sizeof text);
    if (taken_whole(fields) && config_parse(&config, text, true, &fault) != 0) {
        stream_error(stream, &fault);
        return;
    }
    task_start(agent, stream, fields, &(struct task){.run = run, .context = &config});
}
