#include "agent/exec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Every text of a request costs it at least its length field, so the number of texts is bounded by
 * the request's size and is checked against it before anything is allocated.
 */
#define TEXT_COST 4

static const char *next_text(struct reader *fields, char **free_space) {
    size_t length = 0;
    const uint8_t *bytes = take_bytes(fields, &length);
    if (bytes != NULL && memchr(bytes, 0, length) != NULL) fields->failed = true;
    char *text = *free_space;
    if (bytes != NULL) memcpy(text, bytes, length);
    text[length] = '\0';
    *free_space += length + 1;
    return text;
}

static char **next_list(struct reader *fields, char **free_space) {
    uint32_t count = take_u32(fields);
    if (fields->failed || count > (size_t)(fields->end - fields->at) / TEXT_COST) {
        fields->failed = true;
        count = 0;
    }
    char **list = calloc((size_t)count + 1, sizeof *list);
    if (list == NULL) return NULL;
    for (uint32_t at = 0; at < count; at++) list[at] = (char *)(uintptr_t)next_text(fields, free_space);
    return list;
}

int exec_plan_read(struct exec_plan *plan, struct reader *fields, struct fault *fault) {
    /* Each text gains a NUL and loses its length field, so the copies fit in as many bytes. */
    *plan = (struct exec_plan){.texts = malloc((size_t)(fields->end - fields->at) + TEXT_COST)};
    if (plan->texts == NULL) return fail(fault, ENOMEM, "the guest program is out of memory");
    char *free_space = plan->texts;
    plan->flags = take_u16(fields);
    plan->rows = take_u16(fields);
    plan->columns = take_u16(fields);
    plan->windows.output = take_u32(fields);
    plan->windows.errors = take_u32(fields);
    plan->user = next_text(fields, &free_space);
    plan->folder = next_text(fields, &free_space);
    plan->argv = next_list(fields, &free_space);
    plan->env = next_list(fields, &free_space);
    if (plan->argv == NULL || plan->env == NULL) {
        exec_plan_free(plan);
        return fail(fault, ENOMEM, "the guest program is out of memory");
    }
    if (!taken_whole(fields) || plan->argv[0] == NULL) {
        exec_plan_free(plan);
        return fail(fault, EINVAL, "the exec request is malformed");
    }
    return 0;
}

void exec_plan_free(struct exec_plan *plan) {
    free(plan->argv);
    free(plan->env);
    free(plan->texts);
}

void exec_launch_fill(struct launch *launch, struct exec_plan *plan) {
    *launch = (struct launch){.wants_stdin = (plan->flags & EXEC_STDIN) != 0,
                              .wants_pty = (plan->flags & EXEC_PTY) != 0,
                              .rows = plan->rows,
                              .columns = plan->columns,
                              .run = exec_run,
                              .context = plan};
}

void open_exec(struct agent *agent, struct stream *stream, struct reader *fields) {
    struct fault fault = {0};
    struct exec_plan plan;
    struct launch launch;
    if (exec_plan_read(&plan, fields, &fault) != 0) {
        stream_error(stream, &fault);
        return;
    }
    exec_launch_fill(&launch, &plan);
    if ((plan.flags & EXEC_DETACHED) != 0) detached_start(agent, stream, &launch, plan.argv[0]);
    else command_start(agent, stream, &launch, plan.windows);
    exec_plan_free(&plan);
}
