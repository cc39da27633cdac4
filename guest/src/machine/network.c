#include "machine/network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <net/route.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "system/text.h"
#include "system/uevents.h"

#define INTERFACE_WAIT_MS 5000

static struct ifreq request_for(const char *interface) {
    struct ifreq request = {0};
    memcpy(request.ifr_name, interface, strnlen(interface, IFNAMSIZ - 1));
    return request;
}

static int set_up(int fd, const char *interface, bool up, struct fault *fault) {
    struct ifreq request = request_for(interface);
    if (ioctl(fd, SIOCGIFFLAGS, &request) == 0) {
        int flags = up ? request.ifr_flags | IFF_UP : request.ifr_flags & ~IFF_UP;
        request.ifr_flags = (short)flags;
        if (ioctl(fd, SIOCSIFFLAGS, &request) == 0) return 0;
    }
    return fail_errno(fault, "cannot switch %s %s", quote(interface).text, up ? "on" : "off");
}

static void set_inet(struct sockaddr *field, struct in_addr address) {
    struct sockaddr_in inet = {.sin_family = AF_INET, .sin_addr = address};
    memcpy(field, &inet, sizeof inet);
}

static int set_address(int fd, const struct config *config, struct fault *fault) {
    struct ifreq request = request_for(config->interface);
    struct in_addr mask = {
        .s_addr = htonl(config->prefix == 0 ? 0 : UINT32_MAX << (32 - config->prefix))};
    set_inet(&request.ifr_addr, config->address);
    if (ioctl(fd, SIOCSIFADDR, &request) != 0) return fail_errno(fault, "cannot set the address");
    set_inet(&request.ifr_netmask, mask);
    if (ioctl(fd, SIOCSIFNETMASK, &request) != 0) return fail_errno(fault, "cannot set the netmask");
    return 0;
}

static int set_mtu(int fd, const struct config *config, struct fault *fault) {
    struct ifreq request = request_for(config->interface);
    request.ifr_mtu = (int)config->mtu;
    return ioctl(fd, SIOCSIFMTU, &request) == 0 ? 0 : fail_errno(fault, "cannot set the MTU");
}

static int set_mac(int fd, const struct config *config, struct fault *fault) {
    struct ifreq request = request_for(config->interface);
    request.ifr_hwaddr.sa_family = ARPHRD_ETHER;
    memcpy(request.ifr_hwaddr.sa_data, config->mac, sizeof config->mac);
    return ioctl(fd, SIOCSIFHWADDR, &request) == 0 ? 0 : fail_errno(fault, "cannot set the MAC");
}

static int set_gateway(int fd, const struct config *config, struct fault *fault) {
    struct rtentry route = {.rt_flags = RTF_UP | RTF_GATEWAY};
    struct in_addr any = {.s_addr = INADDR_ANY};
    set_inet(&route.rt_dst, any);
    set_inet(&route.rt_genmask, any);
    set_inet(&route.rt_gateway, config->gateway);
    if (ioctl(fd, SIOCADDRT, &route) == 0 || errno == EEXIST) return 0;
    return fail_errno(fault, "cannot set the default route");
}

static bool is_there(void *context) {
    const struct config *config = context;
    return if_nametoindex(config->interface) != 0;
}

/* Order matters: a MAC changes only while the interface is off, and going off drops old routes. */
static int configure(int fd, const struct config *config, struct fault *fault) {
    if (set_up(fd, config->interface, false, fault) != 0) return -1;
    if (config->has_mac && set_mac(fd, config, fault) != 0) return -1;
    if (config->mtu != 0 && set_mtu(fd, config, fault) != 0) return -1;
    if (set_address(fd, config, fault) != 0) return -1;
    if (set_up(fd, config->interface, true, fault) != 0) return -1;
    return config->has_gateway ? set_gateway(fd, config, fault) : 0;
}

static int with_socket(int (*work)(int fd, const struct config *config, struct fault *fault),
                       const struct config *config, struct fault *fault) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return fail_errno(fault, "the kernel has no IPv4");
    int outcome = work(fd, config, fault);
    close(fd);
    return outcome;
}

static int loopback_up(int fd, const struct config *config, struct fault *fault) {
    (void)config;
    return set_up(fd, "lo", true, fault);
}

int network_loopback_up(struct fault *fault) {
    return with_socket(loopback_up, NULL, fault);
}

int network_apply(const struct config *config, struct fault *fault) {
    if (!config->has_address) return 0;
    if (!wait_for_device(is_there, (void *)(uintptr_t)config, INTERFACE_WAIT_MS)) {
        return fail(fault, ENODEV, "no interface %s appeared within %d s",
                    quote(config->interface).text, INTERFACE_WAIT_MS / 1000);
    }
    return with_socket(configure, config, fault);
}
