#include "system/uevents.h"

#include <poll.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include "system/abi.h"
#include "system/text.h"

/* The event says only that something changed; a lost one costs this much. */
#define FALLBACK_MS 100

static int open_events(void) {
    int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, UEVENT_PROTOCOL);
    struct netlink_address address = {.family = AF_NETLINK, .groups = UEVENT_GROUP_KERNEL};
    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) != 0) close_quietly(&fd);
    return fd;
}

static void await_event(int fd, int64_t left_ms) {
    char event[2048];
    struct pollfd item = {.fd = fd, .events = POLLIN};
    poll(&item, 1, left_ms < FALLBACK_MS ? (int)left_ms : FALLBACK_MS);
    while (fd >= 0 && recv(fd, event, sizeof event, 0) > 0) continue;
}

bool wait_for_device(bool (*found)(void *context), void *context, int limit_ms) {
    if (found(context)) return true;
    int fd = open_events();
    int64_t end_ns = monotonic_ns() + (int64_t)limit_ms * 1000000;
    bool there = found(context);
    while (!there && monotonic_ns() < end_ns) {
        await_event(fd, (end_ns - monotonic_ns()) / 1000000 + 1);
        there = found(context);
    }
    close_quietly(&fd);
    return there;
}
