#include "tasks/task.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "system/text.h"

void task_start(struct agent *agent, struct stream *stream, const struct reader *fields,
                const struct task *task) {
    if (!taken_whole(fields)) {
        struct fault fault = {0};
        (void)fail(&fault, EINVAL, "the request is malformed");
        stream_error(stream, &fault);
        return;
    }
    struct launch launch = {.is_task = true,
                            .wants_stdin = task->takes_data,
                            .run = task->run,
                            .context = task->context};
    command_start(agent, stream, &launch, (struct windows){.output = task->window});
}

int output_flush(struct output *output, struct fault *fault) {
    size_t length = output->fill;
    output->fill = 0;
    if (write_fully(STDOUT_FILENO, output->bytes, length) == 0) return 0;
    return fail_errno(fault, "the host stopped reading");
}

int output_put(struct output *output, const void *bytes, size_t length, struct fault *fault) {
    const uint8_t *at = bytes;
    while (length > 0) {
        size_t room = sizeof output->bytes - output->fill;
        size_t part = length < room ? length : room;
        memcpy(output->bytes + output->fill, at, part);
        output->fill += part;
        at += part;
        length -= part;
        if (output->fill == sizeof output->bytes && output_flush(output, fault) != 0) return -1;
    }
    return 0;
}
