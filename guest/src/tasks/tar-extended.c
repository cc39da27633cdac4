#include <errno.h>
#include <string.h>

#include "system/text.h"
#include "tasks/tar-read.h"

bool tar_parse_time(const char *text, int64_t *seconds, uint32_t *nanoseconds) {
    bool negative = *text == '-';
    uint64_t whole = 0;
    uint32_t fraction = 0;
    if (negative) text++;
    if (*text < '0' || *text > '9') return false;
    for (; *text >= '0' && *text <= '9'; text++) {
        if (whole > INT64_MAX / 16) return false;
        whole = whole * 10 + (uint64_t)(*text - '0');
    }
    if (*text == '.') {
        uint32_t unit = 100000000;
        for (text++; *text >= '0' && *text <= '9'; text++, unit /= 10) {
            fraction += unit * (uint32_t)(*text - '0');
        }
    }
    if (*text != '\0') return false;
    /* Nanoseconds always count forwards: -1.25 s is -2 s and 0.75 s. */
    *seconds = negative ? -(int64_t)whole : (int64_t)whole;
    if (negative && fraction > 0) {
        *seconds -= 1;
        fraction = 1000000000 - fraction;
    }
    *nanoseconds = fraction;
    return true;
}

static bool set_name(char *target, bool *has, const char *value) {
    size_t length = strlen(value);
    if (length >= PATH_BYTES) return false;
    memcpy(target, value, length + 1);
    *has = true;
    return true;
}

static bool set_number(uint32_t *target, bool *has, const char *value) {
    uint64_t wide;
    if (!parse_decimal(value, UINT32_MAX, &wide)) return false;
    *target = (uint32_t)wide;
    *has = true;
    return true;
}

/* False: a value that makes no sense. Keys that do not concern us are passed over. */
static bool apply_record(struct tar_overrides *overrides, const char *key, const char *value) {
    struct tar_entry *values = &overrides->values;
    if (strcmp(key, "path") == 0) return set_name(values->path, &overrides->has.path, value);
    if (strcmp(key, "linkpath") == 0) return set_name(values->target, &overrides->has.target, value);
    if (strcmp(key, "uid") == 0) return set_number(&values->uid, &overrides->has.uid, value);
    if (strcmp(key, "gid") == 0) return set_number(&values->gid, &overrides->has.gid, value);
    if (strcmp(key, "size") == 0) {
        overrides->has.size = parse_decimal(value, INT64_MAX, &values->size);
        return overrides->has.size;
    }
    if (strcmp(key, "mtime") == 0) {
        overrides->has.mtime = tar_parse_time(value, &values->mtime, &values->mtime_ns);
        return overrides->has.mtime;
    }
    return true;
}

/* A record is "LENGTH KEY=VALUE\n", where LENGTH counts the whole record, itself included. */
int tar_read_pax(struct tar_overrides *overrides, char *records, size_t length,
                 struct fault *fault) {
    size_t at = 0;
    while (at < length) {
        size_t size = 0;
        size_t digits = 0;
        while (at + digits < length && records[at + digits] >= '0' && records[at + digits] <= '9' &&
               digits < 7) {
            size = size * 10 + (size_t)(records[at + digits++] - '0');
        }
        bool framed = size > digits + 2 && size <= length - at && records[at + digits] == ' ' &&
                      records[at + size - 1] == '\n';
        if (!framed) return fail(fault, EINVAL, "an extended header in the archive is malformed");
        char *key = records + at + digits + 1;
        char *end = records + at + size - 1;
        char *value = memchr(key, '=', (size_t)(end - key));
        if (value == NULL) return fail(fault, EINVAL, "an extended header lacks a value");
        *value++ = '\0';
        *end = '\0';
        if (has_prefix(key, "GNU.sparse.")) {
            return fail(fault, ENOTSUP, "the archive holds sparse files, which are not supported");
        }
        /* Binary values, as of extended attributes, may hold NUL; the names used here may not. */
        if (!apply_record(overrides, key, value)) {
            return fail(fault, EINVAL, "the extended header %s has a value that makes no sense",
                        quote(key).text);
        }
        at += size;
    }
    return 0;
}
