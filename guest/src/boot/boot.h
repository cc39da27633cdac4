/* What the boot's steps share. */
#ifndef BANGER_BOOT_BOOT_H
#define BANGER_BOOT_BOOT_H

#include <stdbool.h>

#include "machine/config.h"
#include "system/fault.h"
#include "system/report.h"

/* Where the packer puts things in the initrd; guest/initrd.ts and identity.ts name the same. */
#define MODULES_FOLDER "modules"
#define MODULES_ORDER "modules/order"
#define CONFIG_FILE "identity/config"
#define IDENTITY_FILES "identity/files"
#define NEW_ROOT "/newroot"

struct boot {
    struct config config;
    struct report report;
    /* The initrd's root folder, still open after the new root took its place. */
    int initrd;
    /* "/dev/NAME" of the root disk. */
    char root_device[300];
};

/* The steps, each in a file of that name or in mounts.c. */
int mount_kernel_folders(struct boot *boot, struct fault *fault);
int read_config(struct boot *boot, struct fault *fault);
int load_modules(struct boot *boot, struct fault *fault);
int mount_root(struct boot *boot, struct fault *fault);
int enter_root(struct boot *boot, struct fault *fault);
int mount_folders(struct boot *boot, struct fault *fault);
int mount_work(struct boot *boot, struct fault *fault);
int mount_modules(struct boot *boot, struct fault *fault);
int write_identity(struct boot *boot, struct fault *fault);
int set_network(struct boot *boot, struct fault *fault);
int start_agent(struct boot *boot, struct fault *fault);

/* Finds the disk that a configuration value names, and writes "/dev/NAME". Waits for it. */
int find_disk(const char *wanted, char *device, size_t capacity, struct fault *fault);
/* Grows the ext4 file system to its disk's size if it is smaller. A failure is only a warning. */
void grow(struct boot *boot, const char *device, const char *mounted_at, const char *step);
void warn(struct boot *boot, const char *step, const char *reason);
/* The init to hand over to; NULL: the guest program is it. */
const char *find_init(struct boot *boot, struct fault *fault);

/* As PID 1 when the image has no init: reaps, and switches off on request. */
void be_init(bool power_off_by_reset) __attribute__((noreturn));

void boot_main(void) __attribute__((noreturn));

#endif
