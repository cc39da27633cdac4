#include "system/report.h"

#include <stdarg.h>
#include <stdio.h>

/* What does not fit is left out whole. */
static void append(char *text, size_t capacity, size_t *fill, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static void append(char *text, size_t capacity, size_t *fill, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int wrote = vsnprintf(text + *fill, capacity - *fill, format, arguments);
    va_end(arguments);
    if (wrote > 0 && (size_t)wrote < capacity - *fill) *fill += (size_t)wrote;
    else text[*fill] = '\0';
}

void report_phase(struct report *report, const char *name, int64_t boottime) {
    append(report->phases, sizeof report->phases, &report->phases_fill, "%s=%lld,", name,
           (long long)boottime);
}

void report_warning(struct report *report, const char *step, const char *reason) {
    append(report->warnings, sizeof report->warnings, &report->warnings_fill, "%s: %s\n", step,
           reason);
}
