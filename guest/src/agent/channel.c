#include "agent/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/port.h"
#include "system/abi.h"
#include "system/text.h"

/*
 * Edge-triggered, because a port without a host reports a hang-up for as long as that lasts, and
 * nothing else would tell when a host comes.
 */
static const uint32_t EVENTS = EPOLLIN | EPOLLRDHUP | (uint32_t)EPOLLET;

/* Room is asked for only when there was none: the port reports it after every write. */
void channel_revisit(struct channel *channel) {
    if (channel->link.fd < 0) return;
    uint32_t room = channel->is_full ? (uint32_t)EPOLLOUT : 0;
    watch_set(channel->loop, &channel->link, EVENTS | room);
}

bool channel_hang_up(struct channel *channel) {
    if (!channel->is_port) watch_close(channel->loop, &channel->link);
    return channel->is_port || channel->listener.fd >= 0;
}

static void link_ready(void *owner, uint32_t events) {
    struct channel *channel = owner;
    if ((events & EPOLLHUP) != 0 && channel->is_port) channel->lost(channel->owner);
    channel->stirred(channel->owner);
}

static void listener_ready(void *owner, uint32_t events) {
    struct channel *channel = owner;
    (void)events;
    int fd = accept4(channel->listener.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    /* The newest host counts: the older one may be dead without having said so. */
    if (channel->link.fd >= 0) {
        channel->lost(channel->owner);
        (void)channel_hang_up(channel);
    }
    channel->link.fd = fd;
    channel->is_full = false;
    channel_revisit(channel);
}

static int listen_on(struct channel *channel, int fd, const struct sockaddr *address,
                     socklen_t length, struct fault *fault) {
    if (fd < 0) return fail_errno(fault, "cannot make a socket for the channel");
    channel->listener.fd = fd;
    if (bind(fd, address, length) != 0 || listen(fd, 4) != 0) {
        return fail_errno(fault, "cannot listen on the channel");
    }
    watch_set(channel->loop, &channel->listener, EPOLLIN);
    return 0;
}

static int listen_vsock(struct channel *channel, const char *text, struct fault *fault) {
    uint64_t port;
    if (!parse_decimal(text, UINT32_MAX, &port)) {
        return fail(fault, EINVAL, "%s is not a vsock port", quote(text).text);
    }
    struct vsock_address address = {
        .family = AF_VSOCK, .port = (uint32_t)port, .cid = VSOCK_CID_ANY};
    int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return listen_on(channel, fd, (struct sockaddr *)&address, sizeof address, fault);
}

static int listen_unix(struct channel *channel, const char *path, struct fault *fault) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        return fail(fault, ENAMETOOLONG, "the socket path %s is too long", quote(path).text);
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return listen_on(channel, fd, (struct sockaddr *)&address, sizeof address, fault);
}

static int take_descriptor(struct channel *channel, const char *text, struct fault *fault) {
    uint64_t number;
    if (!parse_decimal(text, 1023, &number)) {
        return fail(fault, EINVAL, "%s is not a descriptor", quote(text).text);
    }
    int fd = (int)number;
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
        fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
        return fail_errno(fault, "cannot use descriptor %d", fd);
    }
    channel->link.fd = fd;
    channel_revisit(channel);
    return 0;
}

static int take_port(struct channel *channel, const char *name, struct fault *fault) {
    int fd = port_open(name, channel->port_wait_ms, fault);
    if (fd < 0) return -1;
    channel->is_port = true;
    channel->link.fd = fd;
    channel_revisit(channel);
    return 0;
}

int channel_open(struct channel *channel, const char *address, struct fault *fault) {
    channel->link = (struct watch){.fd = -1, .ready = link_ready, .owner = channel};
    channel->listener = (struct watch){.fd = -1, .ready = listener_ready, .owner = channel};
    const char *rest = strchr(address, ':');
    if (rest != NULL) {
        rest++;
        if (has_prefix(address, "virtio-serial:")) return take_port(channel, rest, fault);
        if (has_prefix(address, "vsock:")) return listen_vsock(channel, rest, fault);
        if (has_prefix(address, "unix:")) return listen_unix(channel, rest, fault);
        if (has_prefix(address, "fd:")) return take_descriptor(channel, rest, fault);
    }
    return fail(fault, EINVAL, "%s is no kind of channel", quote(address).text);
}

static ssize_t moved(ssize_t count) {
    if (count > 0) return count;
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return CHANNEL_LATER;
    return CHANNEL_LOST;
}

ssize_t channel_read(struct channel *channel, uint8_t *bytes, size_t room) {
    if (channel->link.fd < 0) return CHANNEL_LATER;
    return moved(read(channel->link.fd, bytes, room));
}

ssize_t channel_write(struct channel *channel, const uint8_t *bytes, size_t length) {
    if (channel->link.fd < 0) return CHANNEL_LATER;
    ssize_t done = moved(write(channel->link.fd, bytes, length));
    bool is_full = done == CHANNEL_LATER;
    if (is_full == channel->is_full) return done;
    channel->is_full = is_full;
    channel_revisit(channel);
    return done;
}
