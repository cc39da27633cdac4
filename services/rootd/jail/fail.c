#include "jail.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int report_fd = STDERR_FILENO;

void report_to(int fd) {
    report_fd = fd;
}

static void say(const char *format, va_list values, const char *why) {
    char text[512];
    vsnprintf(text, sizeof text, format, values);
    dprintf(report_fd, why == NULL ? "jail: %s\n" : "jail: %s: %s\n", text, why);
}

void fail(const char *format, ...) {
    va_list values;
    va_start(values, format);
    say(format, values, NULL);
    va_end(values);
    _exit(FAILED);
}

void fail_errno(const char *format, ...) {
    const char *why = strerror(errno);
    va_list values;
    va_start(values, format);
    say(format, values, why);
    va_end(values);
    _exit(FAILED);
}
