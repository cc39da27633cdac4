/*
 * The guest's configuration: lines of "key value". At boot it comes in the initrd's second archive;
 * a running guest takes the keys that may change. docs/guest-protocol.md lists them.
 */
#ifndef BANGER_MACHINE_CONFIG_H
#define BANGER_MACHINE_CONFIG_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "system/fault.h"

#define CONFIG_BYTES_MAX 16384
#define NAMESERVERS_MAX 3

struct config {
    char hostname[65];
    /* 32 hexadecimal digits. */
    char machine_id[33];
    /* "auto", "none" or an absolute path. */
    char init[256];
    /* "serial:NAME" or "device:NAME"; empty when there is no such disk. */
    char root[64];
    char work[64];
    char modules[64];
    char channel[128];
    bool power_off_by_reset;
    char interface[16];
    bool has_mac;
    uint8_t mac[6];
    bool has_address;
    struct in_addr address;
    uint8_t prefix;
    bool has_gateway;
    struct in_addr gateway;
    uint32_t mtu;
    uint32_t nameserver_count;
    struct in_addr nameservers[NAMESERVERS_MAX];
    char search[256];
};

void config_defaults(struct config *config);
/*
 * Reads `text`, which is cut up. Everything is checked before anything is used: an unknown key, a
 * value that makes no sense, and a boot key in a running guest are errors that name the line.
 */
int config_parse(struct config *config, char *text, bool running, struct fault *fault);

#endif
