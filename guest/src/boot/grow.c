#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "boot/boot.h"
#include "boot/superblock.h"
#include "system/abi.h"

static int grow_to(const char *mounted_at, uint64_t blocks, struct fault *fault) {
    int fd = open(mounted_at, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return fail_errno(fault, "cannot open \"%s\"", mounted_at);
    int outcome = 0;
    if (ioctl(fd, EXT4_IOC_RESIZE_FS, &blocks) != 0) {
        outcome = fail_errno(fault, "cannot grow the file system to its disk's size");
    }
    close(fd);
    return outcome;
}

static int try_grow(const char *device, const char *mounted_at, struct fault *fault) {
    uint64_t disk_bytes = 0;
    struct superblock superblock;
    int fd = open(device, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return fail_errno(fault, "cannot open \"%s\"", device);
    int outcome = ioctl(fd, GET_DISK_BYTES, &disk_bytes) == 0
                      ? superblock_read(fd, &superblock, fault)
                      : fail_errno(fault, "cannot tell the size of \"%s\"", device);
    close(fd);
    if (outcome != 0) return -1;
    uint64_t blocks = disk_bytes / superblock.block_bytes;
    /* The kernel leaves out a last group that is too small to be one; asking for it changes nothing. */
    if (blocks <= superblock.blocks) return 0;
    return grow_to(mounted_at, blocks, fault);
}

void grow(struct boot *boot, const char *device, const char *mounted_at, const char *step) {
    struct fault fault = {0};
    if (try_grow(device, mounted_at, &fault) != 0) warn(boot, step, fault.message);
}
