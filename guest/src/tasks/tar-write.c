#include "tasks/tar-write.h"

#include <stdio.h>
#include <string.h>

#define OCTAL_8 ((uint64_t)07777777)
#define OCTAL_12 ((uint64_t)077777777777)
#define NAME_FIELD 100

struct pax {
    size_t fill;
    char text[3 * PATH_BYTES];
};

/* A record counts its own length, digits included: adding a digit may add another. */
static void add_record(struct pax *pax, const char *key, const char *value) {
    size_t bare = strlen(key) + strlen(value) + 3;
    size_t size = bare + 1;
    for (size_t limit = 10; size >= limit; limit *= 10) size++;
    int wrote = snprintf(pax->text + pax->fill, sizeof pax->text - pax->fill, "%zu %s=%s\n", size,
                         key, value);
    if (wrote > 0) pax->fill += (size_t)wrote;
}

static void add_number(struct pax *pax, const char *key, uint64_t value) {
    char text[24];
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    add_record(pax, key, text);
}

static void add_time(struct pax *pax, const struct tar_entry *entry) {
    char text[40];
    int64_t seconds = entry->mtime;
    uint32_t nanoseconds = entry->mtime_ns;
    bool borrows = seconds < 0 && nanoseconds > 0;
    /* The inverse of tar_parse_time. */
    if (borrows) {
        seconds += 1;
        nanoseconds = 1000000000 - nanoseconds;
    }
    (void)snprintf(text, sizeof text, "%s%lld.%09u", borrows && seconds == 0 ? "-" : "",
                   (long long)seconds, nanoseconds);
    add_record(pax, "mtime", text);
}

static void gather(struct pax *pax, const struct tar_entry *entry) {
    if (strlen(entry->path) > NAME_FIELD) add_record(pax, "path", entry->path);
    if (strlen(entry->target) > NAME_FIELD) add_record(pax, "linkpath", entry->target);
    if (entry->size > OCTAL_12) add_number(pax, "size", entry->size);
    if (entry->uid > OCTAL_8) add_number(pax, "uid", entry->uid);
    if (entry->gid > OCTAL_8) add_number(pax, "gid", entry->gid);
    if (entry->mtime_ns != 0 || entry->mtime < 0 || (uint64_t)entry->mtime > OCTAL_12) {
        add_time(pax, entry);
    }
}

static void set_octal(uint8_t *field, size_t width, uint64_t value) {
    uint64_t most = width == 12 ? OCTAL_12 : OCTAL_8;
    (void)snprintf((char *)field, width, "%0*llo", (int)width - 1,
                   (unsigned long long)(value > most ? 0 : value));
}

static void set_text(uint8_t *field, size_t width, const char *text) {
    size_t length = strlen(text);
    memcpy(field, text, length < width ? length : width);
}

static int put_block(struct output *output, const struct tar_entry *entry, struct fault *fault) {
    uint8_t block[TAR_BLOCK] = {0};
    uint64_t sum = 0;
    set_text(block, NAME_FIELD, entry->path);
    set_octal(block + 100, 8, entry->mode & 07777);
    set_octal(block + 108, 8, entry->uid);
    set_octal(block + 116, 8, entry->gid);
    set_octal(block + 124, 12, entry->size);
    set_octal(block + 136, 12, entry->mtime < 0 ? 0 : (uint64_t)entry->mtime);
    block[156] = (uint8_t)entry->type;
    set_text(block + 157, NAME_FIELD, entry->target);
    memcpy(block + 257, "ustar\0" "00", 8);
    set_octal(block + 329, 8, entry->major);
    set_octal(block + 337, 8, entry->minor);
    memset(block + 148, ' ', 8);
    for (size_t at = 0; at < sizeof block; at++) sum += block[at];
    set_octal(block + 148, 7, sum);
    return output_put(output, block, sizeof block, fault);
}

int tar_put_header(struct output *output, const struct tar_entry *entry, struct fault *fault) {
    static struct pax pax;
    static struct tar_entry extended;
    pax.fill = 0;
    gather(&pax, entry);
    if (pax.fill > 0) {
        extended = (struct tar_entry){.type = 'x', .mode = 0644, .size = pax.fill};
        (void)snprintf(extended.path, sizeof extended.path, "PaxHeader");
        if (put_block(output, &extended, fault) != 0) return -1;
        if (output_put(output, pax.text, pax.fill, fault) != 0) return -1;
        if (tar_put_padding(output, pax.fill, fault) != 0) return -1;
    }
    return put_block(output, entry, fault);
}

int tar_put_padding(struct output *output, uint64_t size, struct fault *fault) {
    static const uint8_t zeros[TAR_BLOCK];
    return output_put(output, zeros, (size_t)((TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK), fault);
}

int tar_put_end(struct output *output, struct fault *fault) {
    static const uint8_t zeros[2 * TAR_BLOCK];
    if (output_put(output, zeros, sizeof zeros, fault) != 0) return -1;
    return output_flush(output, fault);
}
