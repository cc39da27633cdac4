#include "boot/superblock.h"

#include <errno.h>
#include <unistd.h>

#include "wire/bytes.h"

/* Offsets from the kernel's Documentation/filesystems/ext4/super.rst. */
#define SUPERBLOCK_AT 1024
#define BLOCKS_LOW_AT 0x04
#define BLOCK_SHIFT_AT 0x18
#define MAGIC_AT 0x38
#define INCOMPAT_AT 0x60
#define BLOCKS_HIGH_AT 0x150
#define MAGIC 0xef53
#define INCOMPAT_64BIT 0x80

int superblock_read(int fd, struct superblock *superblock, struct fault *fault) {
    uint8_t bytes[1024];
    if (pread(fd, bytes, sizeof bytes, SUPERBLOCK_AT) != (ssize_t)sizeof bytes) {
        return fail(fault, EIO, "cannot read the superblock");
    }
    uint32_t shift = get_u32(bytes + BLOCK_SHIFT_AT);
    if (get_u16(bytes + MAGIC_AT) != MAGIC || shift > 6) {
        return fail(fault, EINVAL, "the disk holds no ext4 file system");
    }
    superblock->block_bytes = 1024U << shift;
    superblock->blocks = get_u32(bytes + BLOCKS_LOW_AT);
    if ((get_u32(bytes + INCOMPAT_AT) & INCOMPAT_64BIT) != 0) {
        superblock->blocks |= (uint64_t)get_u32(bytes + BLOCKS_HIGH_AT) << 32;
    }
    return 0;
}
