#include "system/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct quoted quote(const char *raw) {
    struct quoted result;
    size_t at = 0;
    result.text[at++] = '"';
    for (; *raw != '\0' && at < sizeof result.text - 9; raw++) {
        unsigned char byte = (unsigned char)*raw;
        if (byte < 0x20 || byte == 0x7f || byte == '"' || byte == '\\') {
            at += (size_t)snprintf(result.text + at, 5, "\\x%02x", (unsigned)byte);
        } else {
            result.text[at++] = (char)byte;
        }
    }
    memcpy(result.text + at, *raw == '\0' ? "\"" : "...\"", *raw == '\0' ? 2 : 5);
    return result;
}

bool has_prefix(const char *text, const char *prefix) {
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool parse_decimal(const char *text, uint64_t limit, uint64_t *value) {
    uint64_t sum = 0;
    if (*text == '\0') return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9') return false;
        uint64_t digit = (uint64_t)(*text - '0');
        if (digit > limit || sum > (limit - digit) / 10) return false;
        sum = sum * 10 + digit;
    }
  *value = sum;
    return true;
}

ssize_t read_small_file(int folder, const char *path, char *buffer, size_t capacity) {
    int fd = openat(folder, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) return -1;
    size_t fill = 0;
    ssize_t got = 1;
    while (fill < capacity - 1 && got > 0) {
        got = read(fd, buffer + fill, capacity - 1 - fill);
        if (got < 0 && errno == EINTR) got = 1;
        else if (got > 0) fill += (size_t)got;
    }
    buffer[fill] = '\0';
    int code = errno;
    close(fd);
    errno = code;
    return got < 0 ? -1 : (ssize_t)fill;
}

int write_small_file(int folder, const char *path, const char *text) {
    int fd = openat(folder, path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW);
    if (fd < 0) return -1;
    int outcome = write_fully(fd, text, strlen(text));
    int code = errno;
    close(fd);
    errno = code;
    return outcome;
}

int write_fully(int fd, const void *bytes, size_t length) {
    const char *at = bytes;
    while (length > 0) {
        ssize_t done = write(fd, at, length);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return -1;
        at += done;
        length -= (size_t)done;
    }
    return 0;
}

void close_quietly(int *fd) {
    if (*fd >= 0) close(*fd);
  *fd = -1;
}

static int64_t clock_ns(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t boottime_ns(void) {
    return clock_ns(CLOCK_BOOTTIME);
}

int64_t monotonic_ns(void) {
    return clock_ns(CLOCK_MONOTONIC);
}
