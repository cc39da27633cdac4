#include "tasks/tar-read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "system/text.h"

/* Offsets of a ustar header (POSIX.1-2017, pax, "ustar Interchange Format"). */
enum {
    AT_NAME = 0, AT_MODE = 100, AT_UID = 108, AT_GID = 116, AT_SIZE = 124, AT_MTIME = 136,
    AT_CHECKSUM = 148, AT_TYPE = 156, AT_LINK = 157, AT_MAGIC = 257, AT_MAJOR = 329,
    AT_MINOR = 337, AT_PREFIX = 345
};

static const char GNU_SPARSE = 'S';

void tar_open(struct tar_source *source, int fd) {
    memset(source, 0, offsetof(struct tar_source, buffer));
    source->fd = fd;
}

/* Bytes in the buffer, refilled when empty; 0 at the end of the stream. */
static int64_t available(struct tar_source *source, struct fault *fault) {
    while (source->head == source->fill) {
        ssize_t got = read(source->fd, source->buffer, sizeof source->buffer);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail_errno(fault, "cannot read the archive");
        source->head = 0;
        source->fill = (size_t)got;
        if (got == 0) return 0;
    }
    return (int64_t)(source->fill - source->head);
}

static int64_t take_some(struct tar_source *source, uint64_t most, const uint8_t **bytes,
                         struct fault *fault) {
    int64_t have = available(source, fault);
    if (have < 0) return -1;
    if (have == 0) return fail(fault, EINVAL, "the archive ends in the middle of an entry");
    if ((uint64_t)have > most) have = (int64_t)most;
    *bytes = source->buffer + source->head;
    source->head += (size_t)have;
    return have;
}

static int take_exactly(struct tar_source *source, uint8_t *target, size_t length,
                        struct fault *fault) {
    while (length > 0) {
        const uint8_t *bytes;
        int64_t got = take_some(source, length, &bytes, fault);
        if (got < 0) return -1;
        if (target != NULL) {
            memcpy(target, bytes, (size_t)got);
            target += got;
        }
        length -= (size_t)got;
    }
    return 0;
}

int64_t tar_content(struct tar_source *source, const uint8_t **bytes, struct fault *fault) {
    if (source->left == 0) return 0;
    int64_t got = take_some(source, source->left, bytes, fault);
    if (got > 0) source->left -= (uint64_t)got;
    return got;
}

static int skip_rest(struct tar_source *source, struct fault *fault) {
    const uint8_t *bytes;
    int64_t got = 1;
    while (got > 0) got = tar_content(source, &bytes, fault);
    if (got < 0) return -1;
    uint32_t padding = source->padding;
    source->padding = 0;
    return take_exactly(source, NULL, padding, fault);
}

/* Octal with blanks around it, or, with the top bit set, a big-endian binary number (GNU). */
static bool parse_number(const uint8_t *field, size_t length, uint64_t *value) {
    uint64_t sum = 0;
    size_t at = 0;
    if ((field[0] & 0x80) != 0) {
        for (at = 0; at < length; at++) {
            uint8_t byte = at == 0 ? field[0] & 0x7f : field[at];
            if (sum >> 56 != 0) return false;
            sum = sum << 8 | byte;
        }
        *value = sum;
        return true;
    }
    while (at < length && field[at] == ' ') at++;
    for (; at < length && field[at] >= '0' && field[at] <= '7'; at++) {
        sum = sum << 3 | (uint64_t)(field[at] - '0');
    }
    *value = sum;
    return at == length || field[at] == ' ' || field[at] == '\0';
}

static bool parse_u32(const uint8_t *field, uint32_t *value) {
    uint64_t wide;
    if (!parse_number(field, 8, &wide) || wide > UINT32_MAX) return false;
    *value = (uint32_t)wide;
    return true;
}

static bool checksum_fits(const uint8_t *block) {
    uint64_t stated;
    uint64_t sum = 0;
    for (size_t at = 0; at < TAR_BLOCK; at++) {
        sum += at >= AT_CHECKSUM && at < AT_CHECKSUM + 8 ? ' ' : block[at];
    }
    return parse_number(block + AT_CHECKSUM, 8, &stated) && stated == sum;
}

static size_t copy_field(char *target, const uint8_t *field, size_t length) {
    size_t used = strnlen((const char *)field, length);
    memcpy(target, field, used);
    target[used] = '\0';
    return used;
}

static void read_names(const uint8_t *block, struct tar_entry *entry) {
    size_t used = 0;
    if (memcmp(block + AT_MAGIC, "ustar\0", 6) == 0 && block[AT_PREFIX] != 0) {
        used = copy_field(entry->path, block + AT_PREFIX, 155);
        entry->path[used++] = '/';
    }
    copy_field(entry->path + used, block + AT_NAME, 100);
    copy_field(entry->target, block + AT_LINK, 100);
}

static bool read_numbers(const uint8_t *block, struct tar_entry *entry) {
    uint64_t mtime;
    bool fine = parse_u32(block + AT_MODE, &entry->mode) && parse_u32(block + AT_UID, &entry->uid) &&
                parse_u32(block + AT_GID, &entry->gid) &&
                parse_number(block + AT_SIZE, 12, &entry->size) &&
                parse_number(block + AT_MTIME, 12, &mtime);
    if (!fine) return false;
    entry->mtime = (int64_t)(mtime & INT64_MAX);
    entry->mtime_ns = 0;
    bool is_device = entry->type == '3' || entry->type == '4';
    entry->major = entry->minor = 0;
    return !is_device || (parse_u32(block + AT_MAJOR, &entry->major) &&
                          parse_u32(block + AT_MINOR, &entry->minor));
}

static void apply(const struct tar_overrides *overrides, struct tar_entry *entry) {
    const struct tar_entry *values = &overrides->values;
    if (overrides->has.path) memcpy(entry->path, values->path, PATH_BYTES);
    if (overrides->has.target) memcpy(entry->target, values->target, PATH_BYTES);
    if (overrides->has.size) entry->size = values->size;
    if (overrides->has.uid) entry->uid = values->uid;
    if (overrides->has.gid) entry->gid = values->gid;
    if (overrides->has.mtime) {
        entry->mtime = values->mtime;
        entry->mtime_ns = values->mtime_ns;
    }
}

static int store_name(char *target, bool *has, const char *content, struct fault *fault) {
    size_t length = strlen(content);
    if (length >= PATH_BYTES) return fail(fault, ENAMETOOLONG, "a name in the archive is too long");
    memcpy(target, content, length + 1);
    *has = true;
    return 0;
}

static int read_extended(struct tar_source *source, const struct tar_entry *header,
                         struct fault *fault) {
    struct tar_overrides *overrides = &source->overrides;
    int outcome = -1;
    if (header->size > TAR_EXTENDED_MAX) {
        return fail(fault, EINVAL, "an extended header in the archive is larger than %d bytes",
                    TAR_EXTENDED_MAX);
    }
    size_t length = (size_t)header->size;
    char *content = malloc(length + 1);
    if (content == NULL) return fail(fault, ENOMEM, "out of memory");
    content[length] = '\0';
    if (take_exactly(source, (uint8_t *)content, length, fault) == 0) {
        source->left = 0;
        if (header->type == 'L') {
            outcome = store_name(overrides->values.path, &overrides->has.path, content, fault);
        } else if (header->type == 'K') {
            outcome = store_name(overrides->values.target, &overrides->has.target, content, fault);
        } else {
            outcome = tar_read_pax(overrides, content, length, fault);
        }
    }
    free(content);
    return outcome;
}

static bool is_zero(const uint8_t *block) {
    for (size_t at = 0; at < TAR_BLOCK; at++) {
        if (block[at] != 0) return false;
    }
    return true;
}

static int read_header(struct tar_source *source, struct tar_entry *entry, struct fault *fault) {
    uint8_t block[TAR_BLOCK];
    if (take_exactly(source, block, sizeof block, fault) != 0) return -1;
    if (is_zero(block)) return 0;
    entry->type = block[AT_TYPE] == 0 || block[AT_TYPE] == '7' ? '0' : (char)block[AT_TYPE];
    if (!checksum_fits(block)) return fail(fault, EINVAL, "the data is not a tar archive");
    read_names(block, entry);
    if (!read_numbers(block, entry)) {
        return fail(fault, EINVAL, "entry %s has a malformed header", quote(entry->path).text);
    }
    return 1;
}

static void begin_content(struct tar_source *source, uint64_t size) {
    source->left = size;
    source->padding = (uint32_t)((TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK);
}

static int finish_entry(struct tar_source *source, struct tar_entry *entry, struct fault *fault) {
    apply(&source->overrides, entry);
    source->overrides.has = (struct tar_known){.path = false};
    size_t length = strlen(entry->path);
    if (length > 0 && entry->path[length - 1] == '/' && entry->type == '0') entry->type = '5';
    if (entry->type == GNU_SPARSE) {
        return fail(fault, ENOTSUP, "entry %s is a sparse file in GNU form, which is not supported",
                    quote(entry->path).text);
    }
    if (entry->type < '0' || entry->type > '6') {
        return fail(fault, ENOTSUP, "entry %s is of the unknown kind \"%c\"",
                    quote(entry->path).text, entry->type >= ' ' && entry->type < 127 ? entry->type
                                                                                     : '?');
    }
    /* Only files have content; a size elsewhere is information (POSIX says so of hard links). */
    begin_content(source, entry->type == '0' ? entry->size : 0);
    return 1;
}

int tar_next(struct tar_source *source, struct tar_entry *entry, struct fault *fault) {
    if (source->ended) return 0;
    for (;;) {
        if (skip_rest(source, fault) != 0) return -1;
        int outcome = read_header(source, entry, fault);
        source->ended = outcome <= 0;
        if (outcome <= 0) return outcome;
        bool extended = entry->type == 'L' || entry->type == 'K' || entry->type == 'x';
        if (!extended && entry->type != 'g' && entry->type != 'V') {
            return finish_entry(source, entry, fault);
        }
        begin_content(source, entry->size);
        if (extended && read_extended(source, entry, fault) != 0) return -1;
    }
}

void tar_drain(struct tar_source *source) {
    struct fault ignored;
    while (available(source, &ignored) > 0) source->head = source->fill;
}
