#include "system/fault.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int fail(struct fault *fault, int code, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fault->code = code;
    (void)vsnprintf(fault->message, sizeof fault->message, format, arguments);
    va_end(arguments);
    return -1;
}

int fail_errno(struct fault *fault, const char *format, ...) {
    int code = errno;
    va_list arguments;
    va_start(arguments, format);
    fault->code = code;
    (void)vsnprintf(fault->message, sizeof fault->message, format, arguments);
    va_end(arguments);
    size_t length = strlen(fault->message);
    (void)snprintf(fault->message + length, sizeof fault->message - length, ": %s", strerror(code));
    return -1;
}
