/* Where a dial goes to. */
#ifndef BANGER_AGENT_ADDRESS_H
#define BANGER_AGENT_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "system/fault.h"

struct dial_address {
    struct sockaddr_storage storage;
    socklen_t length;
    int type;
    /* "localhost" means both loopbacks: when nobody listens on 127.0.0.1, ::1 is tried. */
    bool has_second;
};

/* Addresses are literal: looking names up could block, and it is the host that decides. */
int dial_address_parse(struct dial_address *address, uint8_t kind, const char *text, uint16_t port,
                       struct fault *fault);
/* The other loopback. */
void dial_address_second(struct dial_address *address);

#endif
