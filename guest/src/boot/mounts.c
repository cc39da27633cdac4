#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "boot/boot.h"
#include "system/text.h"

static const struct folder {
    const char *path;
    const char *type;
    unsigned long flags;
    const char *options;
} KERNEL_FOLDERS[] = {
    {"/dev", "devtmpfs", MS_NOSUID, "mode=0755"},
    {"/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL},
    {"/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL},
};

/* An init that finds these mounted leaves them as they are. */
static const struct folder OTHER_FOLDERS[] = {
    {"/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755"},
    {"/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "mode=0620,ptmxmode=0666,gid=5"},
    {"/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777"},
};

/*
 * A folder, or a link that leads to one. Anything else in its place, a dangling link too, gives way:
 * the image may hold anything, and these folders must be there.
 */
static int ensure_folder(const char *path, mode_t mode, struct fault *fault) {
    struct stat status;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) return 0;
    (void)unlink(path);
    if (mkdir(path, mode) == 0 && chmod(path, mode) == 0) return 0;
    return fail_errno(fault, "cannot make folder \"%s\"", path);
}

static int mount_one(const struct folder *folder, struct fault *fault) {
    if (ensure_folder(folder->path, 0755, fault) != 0) return -1;
    if (mount(folder->type, folder->path, folder->type, folder->flags, folder->options) == 0) {
        return 0;
    }
    /* EBUSY: the kernel mounted it already (CONFIG_DEVTMPFS_MOUNT). */
    if (errno == EBUSY) return 0;
    return fail_errno(fault, "cannot mount %s on \"%s\"", folder->type, folder->path);
}

int mount_kernel_folders(struct boot *boot, struct fault *fault) {
    boot->initrd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (boot->initrd < 0) return fail_errno(fault, "cannot open the initrd");
    for (size_t at = 0; at < sizeof KERNEL_FOLDERS / sizeof KERNEL_FOLDERS[0]; at++) {
        if (mount_one(&KERNEL_FOLDERS[at], fault) != 0) return -1;
    }
    return 0;
}

int mount_root(struct boot *boot, struct fault *fault) {
    char *device = boot->root_device;
    if (find_disk(boot->config.root, device, sizeof boot->root_device, fault) != 0) return -1;
    if (ensure_folder(NEW_ROOT, 0755, fault) != 0) return -1;
    if (mount(device, NEW_ROOT, "ext4", 0, NULL) != 0) {
        return fail_errno(fault, "cannot mount \"%s\" as ext4", device);
    }
    grow(boot, device, NEW_ROOT, "root");
    return 0;
}

/*
 * From here on every path is the image's own, and no link in it can lead back to the initrd. The
 * kernel folders move along, because a second devtmpfs or proc would be a second place to watch.
 */
int enter_root(struct boot *boot, struct fault *fault) {
    (void)boot;
    for (size_t at = 0; at < sizeof KERNEL_FOLDERS / sizeof KERNEL_FOLDERS[0]; at++) {
        char inside[64];
        struct stat status;
        const char *path = KERNEL_FOLDERS[at].path;
        (void)snprintf(inside, sizeof inside, NEW_ROOT "%s", path);
        /* Not followed: an absolute link would lead into the initrd. */
        if (lstat(inside, &status) != 0 || !S_ISDIR(status.st_mode)) {
            (void)unlink(inside);
            if (mkdir(inside, 0755) != 0) {
                return fail_errno(fault, "cannot make folder \"%s\" in the image", path);
            }
        }
        if (mount(path, inside, NULL, MS_MOVE, NULL) != 0) {
            return fail_errno(fault, "cannot move \"%s\" into the image", path);
        }
    }
    if (chdir(NEW_ROOT) != 0 || mount(".", "/", NULL, MS_MOVE, NULL) != 0 || chroot(".") != 0 ||
        chdir("/") != 0) {
        return fail_errno(fault, "cannot make the image the root");
    }
    return 0;
}

/* What udev or an init would make; programs rely on them (bash's <(...), for one). */
static void link_descriptors(void) {
    static const char *const LINKS[][2] = {{"/proc/self/fd", "/dev/fd"},
                                           {"/proc/self/fd/0", "/dev/stdin"},
                                           {"/proc/self/fd/1", "/dev/stdout"},
                                           {"/proc/self/fd/2", "/dev/stderr"}};
    for (size_t at = 0; at < sizeof LINKS / sizeof LINKS[0]; at++) {
        (void)symlink(LINKS[at][0], LINKS[at][1]);
    }
}

/* A kernel may lack control groups; then the agent goes without. Options as systemd sets them. */
static void mount_cgroups(void) {
    static const char *const OPTIONS[] = {"nsdelegate,memory_recursiveprot", "nsdelegate", NULL};
    const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
    for (size_t at = 0; at < sizeof OPTIONS / sizeof OPTIONS[0]; at++) {
        if (mount("cgroup2", "/sys/fs/cgroup", "cgroup2", flags, OPTIONS[at]) == 0) return;
    }
}

int mount_folders(struct boot *boot, struct fault *fault) {
    (void)boot;
    for (size_t at = 0; at < sizeof OTHER_FOLDERS / sizeof OTHER_FOLDERS[0]; at++) {
        if (mount_one(&OTHER_FOLDERS[at], fault) != 0) return -1;
    }
    if (ensure_folder("/tmp", 01777, fault) != 0) return -1;
    if (ensure_folder("/root", 0700, fault) != 0) return -1;
    link_descriptors();
    mount_cgroups();
    return 0;
}

int mount_work(struct boot *boot, struct fault *fault) {
    char device[300];
    if (boot->config.work[0] == '\0') return 0;
    if (find_disk(boot->config.work, device, sizeof device, fault) != 0) return -1;
    if (mount(device, "/root", "ext4", 0, NULL) != 0) {
        return fail_errno(fault, "cannot mount \"%s\" as ext4 on \"/root\"", device);
    }
    grow(boot, device, "/root", "work");
    return 0;
}

int mount_modules(struct boot *boot, struct fault *fault) {
    static const char *const TYPES[] = {"ext4", "squashfs", "erofs"};
    char device[300];
    if (boot->config.modules[0] == '\0') return 0;
    if (find_disk(boot->config.modules, device, sizeof device, fault) != 0) return -1;
    if (ensure_folder("/lib", 0755, fault) != 0) return -1;
    if (ensure_folder("/lib/modules", 0755, fault) != 0) return -1;
    for (size_t at = 0; at < sizeof TYPES / sizeof TYPES[0]; at++) {
        const unsigned long flags = MS_RDONLY | MS_NOSUID | MS_NODEV;
        if (mount(device, "/lib/modules", TYPES[at], flags, NULL) == 0) return 0;
    }
    return fail_errno(fault, "cannot mount \"%s\" on \"/lib/modules\"", device);
}
