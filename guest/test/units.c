/* The parts that need no machine: parsing, quoting, paths that stay inside, rings, the superblock. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/ring.h"
#include "boot/superblock.h"
#include "machine/config.h"
#include "system/beneath.h"
#include "system/text.h"
#include "tasks/tar-read.h"
#include "test/check.h"
#include "wire/bytes.h"
#include "wire/outbox.h"

static void test_decimal(void) {
    uint64_t value = 7;
    CHECK(parse_decimal("0", 10, &value) && value == 0);
    CHECK(parse_decimal("10", 10, &value) && value == 10);
    CHECK(!parse_decimal("11", 10, &value));
    CHECK(!parse_decimal("", 10, &value) && !parse_decimal("-1", 10, &value));
    CHECK(!parse_decimal("9", 8, &value) && !parse_decimal("1x", 99, &value));
    CHECK(parse_decimal("18446744073709551615", UINT64_MAX, &value) && value == UINT64_MAX);
    CHECK(!parse_decimal("18446744073709551616", UINT64_MAX, &value));
}

static void test_quote(void) {
    char raw[2000];
    CHECK(strcmp(quote("a b").text, "\"a b\"") == 0);
    CHECK(strcmp(quote("\x1b[2J\"\\\n").text, "\"\\x1b[2J\\x22\\x5c\\x0a\"") == 0);
    memset(raw, 1, sizeof raw - 1);
    raw[sizeof raw - 1] = '\0';
    CHECK(strlen(quote(raw).text) < sizeof(struct quoted));
    CHECK(strcmp(strrchr(quote(raw).text, '.'), ".\"") == 0);
}

static int parse(const char *text, bool running, struct config *config, struct fault *fault) {
    char copy[1000];
    (void)snprintf(copy, sizeof copy, "%s", text);
    config_defaults(config);
    return config_parse(config, copy, running, fault);
}

static void test_config(void) {
    struct config config;
    struct fault fault = {0};
    CHECK(parse("", false, &config, &fault) == 0 && strcmp(config.root, "serial:root") == 0);
    CHECK(parse("# all\nhostname web-1\n\nmachine-id 0123456789abcdef0123456789abcdef\n"
                "init none\nwork serial:work\naddress 172.30.0.5/16\ngateway 172.30.0.1\nmtu 1400\n"
                "nameserver 1.1.1.1\nsearch vm\nmac 52:54:00:0a:0b:0c\npower-off reset",
                false, &config, &fault) == 0);
    CHECK(strcmp(config.hostname, "web-1") == 0 && config.prefix == 16 && config.mtu == 1400);
    CHECK(config.mac[5] == 0x0c && config.power_off_by_reset && config.nameserver_count == 1);
    CHECK(parse("hostname ok\ncolour red\n", false, &config, &fault) != 0);
    CHECK(strcmp(fault.message, "line 2: there is no key \"colour\"") == 0);
    CHECK(parse("address 1.2.3.4", false, &config, &fault) != 0);
    CHECK(strstr(fault.message, "is no value for \"address\"") != NULL);
    CHECK(parse("init none", true, &config, &fault) != 0);
    CHECK(strstr(fault.message, "cannot change in a running guest") != NULL);
    static const char *const WRONG[] = {"hostname -x", "hostname a_b", "hostname", "machine-id 12",
                                        "machine-id 0123456789ABCDEF0123456789abcdef", "init sh",
                                        "root vda", "root serial:../x", "mtu 100", "mtu 70000",
                                        "gateway x", "mac 1:2:3", "mac 52:54:00:0a:0b:0c:0d",
                                        "address 1.2.3.4/33", "power-off maybe", "channel fd:3",
                                        "interface a/b", "interface abcdefghijklmnop"};
    for (size_t at = 0; at < sizeof WRONG / sizeof WRONG[0]; at++) {
        CHECK(parse(WRONG[at], false, &config, &fault) != 0);
    }
}

static void test_beneath(void) {
    struct fault fault = {0};
    char leaf[NAME_BYTES];
    int root = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(mkdir("real", 0755) == 0 && symlink("real", "linked") == 0);
    CHECK(symlink("../..", "real/up") == 0);
    int fd = open_parent_beneath(root, "./real//file", false, leaf, &fault);
    CHECK(fd >= 0 && strcmp(leaf, "file") == 0);
    close(fd);
    CHECK(open_parent_beneath(root, "linked/file", true, leaf, &fault) < 0 && fault.code == ELOOP);
    CHECK(strstr(fault.message, "\"linked\" is a symbolic link") != NULL);
    CHECK(open_parent_beneath(root, "real/up/file", true, leaf, &fault) < 0);
    CHECK(open_parent_beneath(root, "real/../file", true, leaf, &fault) < 0);
    CHECK(open_parent_beneath(root, "/real/file", true, leaf, &fault) < 0);
    CHECK(open_parent_beneath(root, "none/file", false, leaf, &fault) < 0 && fault.code == ENOENT);
    CHECK(place_file(root, "made/for/it", "text", 0640, &fault) == 0);
    struct stat status;
    CHECK(fstatat(root, "made/for/it", &status, 0) == 0 && (status.st_mode & 07777) == 0640);
    /* A link in the file's own place is replaced, not followed. */
    CHECK(symlink("real/precious", "resolv") == 0);
    CHECK(place_file(root, "resolv", "new", 0644, &fault) == 0);
    CHECK(fstatat(root, "resolv", &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode));
    CHECK(access("real/precious", F_OK) != 0);
    CHECK(place_file(root, "linked/file", "x", 0644, &fault) != 0);
    CHECK(access("real/file", F_OK) != 0);
    close(root);
}

static void test_tar_time(void) {
    int64_t seconds;
    uint32_t nanoseconds;
    CHECK(tar_parse_time("12.5", &seconds, &nanoseconds) && seconds == 12 && nanoseconds == 500000000);
    CHECK(tar_parse_time("-1.25", &seconds, &nanoseconds) && seconds == -2);
    CHECK(nanoseconds == 750000000);
    CHECK(tar_parse_time("3.0000000019", &seconds, &nanoseconds) && nanoseconds == 1);
    CHECK(!tar_parse_time("", &seconds, &nanoseconds) && !tar_parse_time("1e9", &seconds, &nanoseconds));
    CHECK(!tar_parse_time("99999999999999999999", &seconds, &nanoseconds));
}

static void test_ring(void) {
    struct ring ring = {0};
    size_t room = 0;
    for (int round = 0; round < 5; round++) {
        uint8_t *bytes = ring_room(&ring, &room);
        size_t length = room < 50000 ? room : 50000;
        memset(bytes, 'a' + round, length);
        ring_added(&ring, length);
    }
    uint64_t position = 0;
    uint64_t dropped = 0;
    size_t length = 0;
    const uint8_t *bytes = ring_peek(&ring, &position, 10, &length, &dropped);
    CHECK(bytes != NULL && length == 10 && dropped == ring.head - RING_BYTES);
    CHECK(position == dropped);
    position = ring.head;
    CHECK(ring_peek(&ring, &position, 10, &length, &dropped) != NULL && length == 0);
    ring_free(&ring);
}

static void test_outbox(void) {
    static struct outbox outbox;
    static uint8_t payload[PAYLOAD_MAX];
    struct frame bulk = {.type = FRAME_DATA, .length = PAYLOAD_MAX, .payload = payload};
    struct frame credit = {.type = FRAME_CREDIT, .length = 4, .payload = payload};
    outbox_reset(&outbox, 1);
    while (outbox_ready(&outbox)) CHECK(outbox_put(&outbox, &bulk));
    /* What never waits fits behind the last bulk frame, for every stream. */
    for (int at = 0; at < STREAMS_MAX * 4; at++) CHECK(outbox_put(&outbox, &credit));
    while (outbox_put(&outbox, &credit)) continue;
    CHECK(outbox.tail - outbox.head <= OUTBOX_CAPACITY);
    outbox.head += FRAME_MAX;
    CHECK(outbox_put(&outbox, &credit));
}

static void test_superblock(void) {
    uint8_t image[4096] = {0};
    struct superblock superblock;
    struct fault fault = {0};
    int fd = open("image", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    set_u32(image + 1024 + 0x04, 5000);
    set_u32(image + 1024 + 0x18, 2);
    set_u32(image + 1024 + 0x150, 1);
    CHECK(pwrite(fd, image, sizeof image, 0) == (ssize_t)sizeof image);
    CHECK(superblock_read(fd, &superblock, &fault) != 0);
    set_u16(image + 1024 + 0x38, 0xef53);
    CHECK(pwrite(fd, image, sizeof image, 0) == (ssize_t)sizeof image);
    CHECK(superblock_read(fd, &superblock, &fault) == 0);
    CHECK(superblock.block_bytes == 4096 && superblock.blocks == 5000);
    set_u32(image + 1024 + 0x60, 0x80);
    CHECK(pwrite(fd, image, sizeof image, 0) == (ssize_t)sizeof image);
    CHECK(superblock_read(fd, &superblock, &fault) == 0);
    CHECK(superblock.blocks == (1ULL << 32) + 5000);
    close(fd);
}

int main(int argc, char **argv) {
    CHECK(argc == 2 && chdir(argv[1]) == 0);
    test_decimal();
    test_quote();
    test_config();
    test_beneath();
    test_tar_time();
    test_ring();
    test_outbox();
    test_superblock();
    return 0;
}
