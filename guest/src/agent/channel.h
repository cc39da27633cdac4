/*
 * The way to the host: a virtio-serial port, or a listener (vsock in a guest, a Unix socket in tests)
 * of which the newest connection counts, or one inherited descriptor in tests.
 */
#ifndef BANGER_AGENT_CHANNEL_H
#define BANGER_AGENT_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "agent/loop.h"
#include "system/fault.h"

struct channel {
    struct loop *loop;
    /* The port or the connection; its fd is -1 while a listener has no connection. */
    struct watch link;
    struct watch listener;
    /* How long a port that is not there yet is waited for. */
    int port_wait_ms;
    /* A port stays open when the host goes; a connection is closed. */
    bool is_port;
    /* The last write found no room. */
    bool is_full;
    /* Bytes may have come, room may have become free, or the host has gone: read and write to see. */
    void (*stirred)(void *owner);
    void (*lost)(void *owner);
    void *owner;
};

/* `address` is virtio-serial:NAME, vsock:PORT, unix:PATH or fd:NUMBER. */
int channel_open(struct channel *channel, const char *address, struct fault *fault);

#define CHANNEL_LATER 0
#define CHANNEL_LOST (-1)
/* Bytes moved, CHANNEL_LATER when `stirred` will tell, CHANNEL_LOST when nobody is there. */
ssize_t channel_read(struct channel *channel, uint8_t *bytes, size_t room);
ssize_t channel_write(struct channel *channel, const uint8_t *bytes, size_t length);
/* `stirred` is called again soon if there is anything to do. */
void channel_revisit(struct channel *channel);
/* After CHANNEL_LOST: ready for the next host, or false if none can come. */
bool channel_hang_up(struct channel *channel);

#endif
