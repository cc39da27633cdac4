/* What went wrong: words for people, an errno for programs. Filled by whoever returns -1. */
#ifndef BANGER_SYSTEM_FAULT_H
#define BANGER_SYSTEM_FAULT_H

#include <stdint.h>

struct fault {
    /* A Linux errno, or 0 when none fits. */
    int code;
    /* The exit status a shell would give for a command that could not start (126, 127); otherwise 0. */
    uint8_t exit_status;
    char message[768];
};

/* Both return -1, so that a caller can write `return fail(fault, EINVAL, "...")`. */
int fail(struct fault *fault, int code, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
/* The same with errno, whose text is appended. */
int fail_errno(struct fault *fault, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
