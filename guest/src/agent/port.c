#include "agent/port.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "system/text.h"
#include "system/uevents.h"

#define PORTS_FOLDER "/sys/class/virtio-ports"

struct search {
    const char *name;
    int fd;
    int code;
};

static bool is_named(const char *port, const char *name) {
    char path[512];
    char text[128];
    (void)snprintf(path, sizeof path, PORTS_FOLDER "/%s/name", port);
    ssize_t length = read_small_file(AT_FDCWD, path, text, sizeof text);
    if (length <= 0) return false;
    text[strcspn(text, "\n")] = '\0';
    return strcmp(text, name) == 0;
}

static void open_port(struct search *search, const char *port) {
    char path[512];
    (void)snprintf(path, sizeof path, "/dev/%s", port);
    search->fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    search->code = errno;
}

/* The name comes to sysfs with an event of its own, after the port (drivers/char/virtio_console.c). */
static bool find_port(void *context) {
    struct search *search = context;
    DIR *folder = opendir(PORTS_FOLDER);
    if (folder == NULL) return false;
    struct dirent *entry;
    while (search->fd < 0 && (entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] != '.' && is_named(entry->d_name, search->name)) {
            open_port(search, entry->d_name);
        }
    }
    closedir(folder);
    return search->fd >= 0;
}

int port_open(const char *name, int wait_ms, struct fault *fault) {
    struct search search = {.name = name, .fd = -1, .code = 0};
    if (wait_for_device(find_port, &search, wait_ms)) return search.fd;
    if (search.code != 0) {
        errno = search.code;
        return fail_errno(fault, "cannot open the virtio-serial port %s", quote(name).text);
    }
    return fail(fault, ENODEV, "no virtio-serial port named %s appeared within %d ms",
                quote(name).text, wait_ms);
}
