#include "machine/config.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "system/text.h"

/* A key's parser says whether the value makes sense. */
typedef bool parse_value(struct config *config, const char *value);

static bool copy(char *target, size_t capacity, const char *value) {
    size_t length = strlen(value);
    if (length == 0 || length >= capacity) return false;
    memcpy(target, value, length + 1);
    return true;
}

static bool parse_hostname(struct config *config, const char *value) {
    for (const char *at = value; *at != '\0'; at++) {
        if (!isalnum((unsigned char)*at) && *at != '-' && *at != '.') return false;
    }
    return *value != '-' && *value != '.' && copy(config->hostname, sizeof config->hostname, value);
}

static bool parse_machine_id(struct config *config, const char *value) {
    for (const char *at = value; *at != '\0'; at++) {
        if (!isdigit((unsigned char)*at) && (*at < 'a' || *at > 'f')) return false;
    }
    return strlen(value) == 32 && copy(config->machine_id, sizeof config->machine_id, value);
}

static bool parse_init(struct config *config, const char *value) {
    bool known = strcmp(value, "auto") == 0 || strcmp(value, "none") == 0 || *value == '/';
    return known && copy(config->init, sizeof config->init, value);
}

static bool parse_disk(char *target, size_t capacity, const char *value) {
    bool known = has_prefix(value, "serial:") || has_prefix(value, "device:");
    return known && strchr(value, '/') == NULL && copy(target, capacity, value);
}

static bool parse_root(struct config *config, const char *value) {
    return parse_disk(config->root, sizeof config->root, value);
}

static bool parse_work(struct config *config, const char *value) {
    return parse_disk(config->work, sizeof config->work, value);
}

static bool parse_modules(struct config *config, const char *value) {
    return parse_disk(config->modules, sizeof config->modules, value);
}

static bool parse_channel(struct config *config, const char *value) {
    bool known = has_prefix(value, "virtio-serial:") || has_prefix(value, "vsock:");
    return known && copy(config->channel, sizeof config->channel, value);
}

static bool parse_power_off(struct config *config, const char *value) {
    config->power_off_by_reset = strcmp(value, "reset") == 0;
    return config->power_off_by_reset || strcmp(value, "acpi") == 0;
}

static bool parse_interface(struct config *config, const char *value) {
    return strchr(value, '/') == NULL && copy(config->interface, sizeof config->interface, value);
}

static bool parse_mac(struct config *config, const char *value) {
    unsigned bytes[6];
    char after;
    int fields = sscanf(value, "%2x:%2x:%2x:%2x:%2x:%2x%c", &bytes[0], &bytes[1], &bytes[2],
                        &bytes[3], &bytes[4], &bytes[5], &after);
    for (int at = 0; fields == 6 && at < 6; at++) config->mac[at] = (uint8_t)bytes[at];
    config->has_mac = fields == 6;
    return config->has_mac;
}

static bool parse_address(struct config *config, const char *value) {
    char address[32];
    uint64_t prefix;
    const char *slash = strchr(value, '/');
    if (slash == NULL || (size_t)(slash - value) >= sizeof address) return false;
    memcpy(address, value, (size_t)(slash - value));
    address[slash - value] = '\0';
    config->has_address = inet_pton(AF_INET, address, &config->address) == 1 &&
                          parse_decimal(slash + 1, 32, &prefix);
    if (config->has_address) config->prefix = (uint8_t)prefix;
    return config->has_address;
}

static bool parse_gateway(struct config *config, const char *value) {
    config->has_gateway = inet_pton(AF_INET, value, &config->gateway) == 1;
    return config->has_gateway;
}

static bool parse_mtu(struct config *config, const char *value) {
    uint64_t mtu;
    if (!parse_decimal(value, 65535, &mtu) || mtu < 576) return false;
    config->mtu = (uint32_t)mtu;
    return true;
}

static bool parse_nameserver(struct config *config, const char *value) {
    if (config->nameserver_count == NAMESERVERS_MAX) return false;
    return inet_pton(AF_INET, value, &config->nameservers[config->nameserver_count++]) == 1;
}

static bool parse_search(struct config *config, const char *value) {
    return copy(config->search, sizeof config->search, value);
}

static const struct key {
    const char *name;
    parse_value *parse;
    bool boot_only;
} KEYS[] = {
    {"hostname", parse_hostname, false},     {"machine-id", parse_machine_id, false},
    {"init", parse_init, true},              {"root", parse_root, true},
    {"work", parse_work, true},              {"modules", parse_modules, true},
    {"channel", parse_channel, true},        {"power-off", parse_power_off, true},
    {"interface", parse_interface, false},   {"mac", parse_mac, false},
    {"address", parse_address, false},       {"gateway", parse_gateway, false},
    {"mtu", parse_mtu, false},               {"nameserver", parse_nameserver, false},
    {"search", parse_search, false},
};

void config_defaults(struct config *config) {
    *config = (struct config){.init = "auto", .root = "serial:root", .interface = "eth0",
                              .channel = "virtio-serial:banger.0"};
}

static int parse_line(struct config *config, char *line, int number, bool running,
                      struct fault *fault) {
    size_t length = strcspn(line, " ");
    const char *value = line[length] == ' ' ? line + length + 1 : "";
    if (line[length] == ' ') line[length] = '\0';
    for (size_t at = 0; at < sizeof KEYS / sizeof KEYS[0]; at++) {
        if (strcmp(KEYS[at].name, line) != 0) continue;
        if (running && KEYS[at].boot_only) {
            return fail(fault, EINVAL, "line %d: \"%s\" cannot change in a running guest", number,
                        line);
        }
        if (KEYS[at].parse(config, value)) return 0;
        return fail(fault, EINVAL, "line %d: %s is no value for \"%s\"", number, quote(value).text,
                    line);
    }
    return fail(fault, EINVAL, "line %d: there is no key %s", number, quote(line).text);
}

int config_parse(struct config *config, char *text, bool running, struct fault *fault) {
    int number = 1;
    while (text != NULL) {
        char *line = text;
        text = strchr(line, '\n');
        if (text != NULL) *text++ = '\0';
        bool counts = *line != '\0' && *line != '#';
        if (counts && parse_line(config, line, number, running, fault) != 0) return -1;
        number++;
    }
    return 0;
}
