#include "agent/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "system/text.h"
#include "wire/protocol.h"

static int parse_unix(struct dial_address *address, const char *path, struct fault *fault) {
    struct sockaddr_un *target = (struct sockaddr_un *)&address->storage;
    if (strlen(path) >= sizeof target->sun_path || *path != '/') {
        return fail(fault, EINVAL, "%s is not an absolute socket path of at most %zu bytes",
                    quote(path).text, sizeof target->sun_path - 1);
    }
    target->sun_family = AF_UNIX;
    memcpy(target->sun_path, path, strlen(path) + 1);
    address->length = sizeof *target;
    return 0;
}

static int parse_ip(struct dial_address *address, const char *text, uint16_t port,
                    struct fault *fault) {
    struct sockaddr_in *four = (struct sockaddr_in *)&address->storage;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)&address->storage;
    address->has_second = strcmp(text, "localhost") == 0;
    if (address->has_second) text = "127.0.0.1";
    if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons(port);
        address->length = sizeof *four;
        return 0;
    }
    if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1) {
        six->sin6_family = AF_INET6;
        six->sin6_port = htons(port);
        address->length = sizeof *six;
        return 0;
    }
    return fail(fault, EINVAL, "%s is neither an IP address nor \"localhost\"", quote(text).text);
}

int dial_address_parse(struct dial_address *address, uint8_t kind, const char *text, uint16_t port,
                       struct fault *fault) {
    *address = (struct dial_address){.type = kind == DIAL_UDP ? SOCK_DGRAM : SOCK_STREAM};
    if (kind == DIAL_UNIX) return parse_unix(address, text, fault);
    if (kind == DIAL_TCP || kind == DIAL_UDP) return parse_ip(address, text, port, fault);
    return fail(fault, EINVAL, "there is no kind %u of connection", kind);
}

void dial_address_second(struct dial_address *address) {
    in_port_t port = ((struct sockaddr_in *)&address->storage)->sin_port;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)&address->storage;
    *six = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = port,
                                 .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    address->length = sizeof *six;
    address->has_second = false;
}
