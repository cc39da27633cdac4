/* Small text and file work shared by both roles. */
#ifndef BANGER_SYSTEM_TEXT_H
#define BANGER_SYSTEM_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Names come from strangers: control bytes are shown as \xNN, long names are cut with "...". */
struct quoted {
    char text[320];
};
/* `"name"`, for use in one expression: `fail(fault, 0, "no %s", quote(path).text)`. */
struct quoted quote(const char *raw);

bool has_prefix(const char *text, const char *prefix);
/* A whole decimal number up to `limit`, nothing around it. */
bool parse_decimal(const char *text, uint64_t limit, uint64_t *value);

/* Reads a small file into `buffer` and ends it with NUL; what does not fit is left out. -1: errno. */
ssize_t read_small_file(int folder, const char *path, char *buffer, size_t capacity);
int write_small_file(int folder, const char *path, const char *text);
/* Writes everything or fails; only for descriptors that block. */
int write_fully(int fd, const void *bytes, size_t length);
void close_quietly(int *fd);

int64_t boottime_ns(void);
int64_t monotonic_ns(void);

#endif
