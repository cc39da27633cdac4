#include "tasks/attributes.h"

#include <sys/sysmacros.h>
#include <unistd.h>

#include "tasks/task.h"

void put_attributes(struct writer *record, const struct stat *status, int folder,
                    const char *name) {
    char target[PATH_BYTES] = "";
    ssize_t length = 0;
    if (S_ISLNK(status->st_mode)) {
        length = readlinkat(folder, name, target, sizeof target - 1);
        if (length < 0) length = 0;
    }
    target[length] = '\0';
    put_u32(record, status->st_mode);
    put_u32(record, status->st_uid);
    put_u32(record, status->st_gid);
    put_u32(record, (uint32_t)status->st_nlink);
    put_u64(record, (uint64_t)status->st_size);
    put_u64(record, (uint64_t)status->st_mtim.tv_sec);
    put_u32(record, (uint32_t)status->st_mtim.tv_nsec);
    put_u64(record, (uint64_t)status->st_ctim.tv_sec);
    put_u32(record, (uint32_t)status->st_ctim.tv_nsec);
    put_u32(record, major(status->st_rdev));
    put_u32(record, minor(status->st_rdev));
    put_text(record, target);
}
