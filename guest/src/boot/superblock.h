/* How large an ext4 file system says it is. */
#ifndef BANGER_BOOT_SUPERBLOCK_H
#define BANGER_BOOT_SUPERBLOCK_H

#include <stdint.h>

#include "system/fault.h"

struct superblock {
    uint32_t block_bytes;
    uint64_t blocks;
};

int superblock_read(int fd, struct superblock *superblock, struct fault *fault);

#endif
