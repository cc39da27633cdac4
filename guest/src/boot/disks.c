#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "boot/boot.h"
#include "system/text.h"
#include "system/uevents.h"

/* Devices may lag behind their drivers a little; longer means that there is no such disk. */
#define DISK_WAIT_MS 10000

struct search {
    bool by_serial;
    const char *name;
    char *device;
    size_t capacity;
    /* What was there instead, for the error. */
    char others[256];
};

static void note_other(struct search *search, const char *disk, const char *serial) {
    size_t fill = strlen(search->others);
    (void)snprintf(search->others + fill, sizeof search->others - fill, "%s%s (serial %s)",
                   fill == 0 ? "" : ", ", disk, quote(serial).text);
}

static bool is_wanted(struct search *search, const char *disk) {
    char path[300];
    char serial[64] = "";
    (void)snprintf(path, sizeof path, "/sys/block/%s/serial", disk);
    (void)read_small_file(AT_FDCWD, path, serial, sizeof serial);
    serial[strcspn(serial, "\n")] = '\0';
    if (strcmp(search->by_serial ? serial : disk, search->name) == 0) return true;
    note_other(search, disk, serial);
    return false;
}

static bool look(void *context) {
    struct search *search = context;
    struct stat status;
    bool found = false;
    const struct dirent *entry;
    DIR *folder = opendir("/sys/block");
    search->others[0] = '\0';
    if (folder == NULL) return false;
    while (!found && (entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] == '.' || !is_wanted(search, entry->d_name)) continue;
        (void)snprintf(search->device, search->capacity, "/dev/%s", entry->d_name);
        /* The node in devtmpfs may come a moment after the entry in sysfs. */
        found = stat(search->device, &status) == 0 && S_ISBLK(status.st_mode);
    }
    closedir(folder);
    return found;
}

int find_disk(const char *wanted, char *device, size_t capacity, struct fault *fault) {
    struct search search = {.by_serial = has_prefix(wanted, "serial:"), .device = device,
                            .capacity = capacity};
    search.name = strchr(wanted, ':') + 1;
    if (wait_for_device(look, &search, DISK_WAIT_MS)) return 0;
    return fail(fault, ENODEV, "no disk %s appeared within %d s; there are: %s",
                quote(wanted).text, DISK_WAIT_MS / 1000,
                search.others[0] == '\0' ? "none" : search.others);
}
