#include "machine/names.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "system/beneath.h"

static int write_hostname(const struct config *config, int root, struct fault *fault) {
    char line[sizeof config->hostname + 1];
    if (sethostname(config->hostname, strlen(config->hostname)) != 0) {
        return fail_errno(fault, "cannot set the host name");
    }
    (void)snprintf(line, sizeof line, "%s\n", config->hostname);
    return place_file(root, "etc/hostname", line, 0644, fault);
}

static int write_machine_id(const struct config *config, int root, struct fault *fault) {
    char line[sizeof config->machine_id + 1];
    (void)snprintf(line, sizeof line, "%s\n", config->machine_id);
    return place_file(root, "etc/machine-id", line, 0444, fault);
}

/* Replaces what the image has there, also a link into a resolver service that does not run. */
static int write_resolver(const struct config *config, int root, struct fault *fault) {
    char text[512];
    size_t fill = 0;
    for (uint32_t at = 0; at < config->nameserver_count; at++) {
        char address[INET_ADDRSTRLEN];
        inet_ntop(AF_INET, &config->nameservers[at], address, sizeof address);
        fill += (size_t)snprintf(text + fill, sizeof text - fill, "nameserver %s\n", address);
    }
    if (config->search[0] != '\0') {
        (void)snprintf(text + fill, sizeof text - fill, "search %s\n", config->search);
    }
    return place_file(root, "etc/resolv.conf", text, 0644, fault);
}

int names_apply(const struct config *config, int root, struct fault *fault) {
    if (config->hostname[0] != '\0' && write_hostname(config, root, fault) != 0) return -1;
    if (config->machine_id[0] != '\0' && write_machine_id(config, root, fault) != 0) return -1;
    bool resolver = config->nameserver_count > 0 || config->search[0] != '\0';
    return resolver ? write_resolver(config, root, fault) : 0;
}
