#include "boot/boot.h"
#include "machine/network.h"

int set_network(struct boot *boot, struct fault *fault) {
    struct fault loopback = {0};
    /* A kernel without IPv4 is fine for a guest that has no network. */
    if (network_loopback_up(&loopback) != 0) warn(boot, "network", loopback.message);
    return network_apply(&boot->config, fault);
}
