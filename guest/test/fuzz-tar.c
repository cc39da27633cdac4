/*
 * Throws archives at the unpacker: honest ones full of traps (links that lead out, "..", absolute
 * names), with damage done to some. Nothing outside of the target folder may change.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "system/text.h"
#include "tasks/unpack.h"
#include "test/check.h"
#include "wire/bytes.h"

#define ARCHIVE_MAX 65536

static const char *const NAMES[] = {"a",        "a/b",     "a/b/c",    "d",          "d/e",  "../out",
                                    "/abs",     "a/../../out", "./a",  "link",       "link/x", "a/link",
                                    "a/link/y", "..",      "",         ".",          "f/../g", "dots/...",
                                    "a//b",     "up/canary", "up",     "loop/loop",  "loop"};
static const char *const TARGETS[] = {"..", "../canary", "/", "/etc", "a", "loop", "a/b", "link/x", ""};
static const char TYPES[] = "00000112225556xgLKS7V9";

static void set_octal(uint8_t *field, size_t width, uint64_t value) {
    (void)snprintf((char *)field, width, "%0*llo", (int)width - 1, (unsigned long long)value);
}

static void set_checksum(uint8_t *block) {
    uint64_t sum = 0;
    memset(block + 148, ' ', 8);
    for (size_t at = 0; at < 512; at++) sum += block[at];
    set_octal(block + 148, 7, sum);
}

static size_t put_content(uint8_t *at, uint64_t *seed, char type) {
    if (type == 'x') {
        const char *target = TARGETS[random_below(seed, sizeof TARGETS / sizeof TARGETS[0])];
        char record[200];
        int body = snprintf(record, sizeof record, " %s=%s\n",
                            random_below(seed, 2) == 0 ? "path" : "linkpath", target);
        return (size_t)sprintf((char *)at, "%d%s", body + 2, record);
    }
    size_t length = random_below(seed, 1500);
    for (size_t byte = 0; byte < length; byte++) at[byte] = (uint8_t)next_random(seed);
    return length;
}

static size_t put_entry(uint8_t *at, uint64_t *seed) {
    char type = TYPES[random_below(seed, sizeof TYPES - 1)];
    memset(at, 0, 4096);
    strcpy((char *)at, NAMES[random_below(seed, sizeof NAMES / sizeof NAMES[0])]);
    at[156] = (uint8_t)type;
    strcpy((char *)at + 157, TARGETS[random_below(seed, sizeof TARGETS / sizeof TARGETS[0])]);
    memcpy(at + 257, "ustar\0" "00", 8);
    set_octal(at + 100, 8, 0700 | random_below(seed, 512));
    set_octal(at + 108, 8, random_below(seed, 3));
    set_octal(at + 116, 8, random_below(seed, 3));
    set_octal(at + 136, 12, random_below(seed, 1000000));
    bool full = type == '0' || type == 'x' || type == 'L' || type == 'K' || type == 'g';
    size_t length = full ? put_content(at + 512, seed, type) : 0;
    set_octal(at + 124, 12, length);
    set_checksum(at);
    /* Damage that keeps the checksum right gets further in. */
    if (random_below(seed, 12) == 0) {
        at[random_below(seed, 512)] = (uint8_t)next_random(seed);
        if (random_below(seed, 2) == 0) set_checksum(at);
    }
    return 512 + (length + 511) / 512 * 512;
}

static size_t make_archive(uint8_t *archive, uint64_t *seed) {
    size_t length = 0;
    size_t entries = 1 + random_below(seed, 12);
    for (size_t at = 0; at < entries; at++) length += put_entry(archive + length, seed);
    memset(archive + length, 0, 1024);
    length += random_below(seed, 5) == 0 ? 0 : 1024;
    if (random_below(seed, 10) == 0) length = random_below(seed, length + 1);
    return length;
}

static int archive_file(const uint8_t *bytes, size_t length) {
    int fd = open(".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    CHECK(fd >= 0);
    CHECK(write_fully(fd, bytes, length) == 0);
    CHECK(lseek(fd, 0, SEEK_SET) == 0);
    return fd;
}

/* The folder around the target holds a canary and nothing else that was not there before. */
static void check_outside(const struct stat *before) {
    struct stat now;
    char text[16] = "";
    CHECK(stat("canary", &now) == 0 && S_ISREG(now.st_mode));
    CHECK(now.st_ino == before->st_ino && now.st_mode == before->st_mode);
    CHECK(now.st_uid == before->st_uid && now.st_nlink == 1);
    CHECK(now.st_mtim.tv_sec == before->st_mtim.tv_sec);
    CHECK(read_small_file(AT_FDCWD, "canary", text, sizeof text) == 6);
    CHECK(strcmp(text, "canary") == 0);
    CHECK(access("out", F_OK) != 0);
    CHECK(access("x", F_OK) != 0 && access("y", F_OK) != 0);
    CHECK(access("/abs", F_OK) != 0);
}

static void run_round(uint64_t state, const struct stat *canary) {
    static uint8_t archive[ARCHIVE_MAX];
    struct unpack_plan plan = {.set_owner = random_below(&state, 2) == 0};
    struct unpack_totals totals;
    struct fault fault = {0};
    size_t length = make_archive(archive, &state);
    CHECK(length <= sizeof archive);
    (void)mkdir("target", 0755);
    int source = archive_file(archive, length);
    int root = open("target", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(root >= 0);
    int outcome = unpack_archive(&plan, source, root, &totals, &fault);
    close(source);
    CHECK((outcome == 0) == (fault.message[0] == '\0'));
    check_outside(canary);
}

int main(int argc, char **argv) {
    struct stat canary;
    CHECK(argc == 4);
    uint64_t seed = strtoull(argv[1], NULL, 10);
    long rounds = strtol(argv[2], NULL, 10);
    CHECK(chdir(argv[3]) == 0);
    umask(0);
    int fd = open("canary", O_WRONLY | O_CREAT | O_EXCL, 0640);
    CHECK(fd >= 0 && write_fully(fd, "canary", 6) == 0 && fstat(fd, &canary) == 0);
    close(fd);
    CHECK(symlink("..", "target-up") == 0);
    for (long round = 0; round < rounds; round++) {
        if (round % 50 == 0) CHECK(system("rm -rf target && mkdir target && ln -s .. target/up") == 0);
        run_round(seed + (uint64_t)round * 104729 + 1, &canary);
    }
    return 0;
}
