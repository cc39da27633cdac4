/* Listening sockets and who owns them, from /proc: what `ss -lntup` would say, without needing it. */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "system/text.h"
#include "tasks/task.h"

#define SOCKETS_MAX 4096
#define STATE_LISTEN 0x0a
/* A UDP socket that is not connected; it hears everyone (include/net/tcp_states.h). */
#define STATE_CLOSE 0x07

struct listening {
    uint8_t protocol;
    uint8_t family;
    uint8_t address[16];
    uint16_t port;
    uint32_t uid;
    uint32_t pid;
    unsigned long inode;
    char name[64];
};

struct table {
    size_t count;
    struct listening sockets[SOCKETS_MAX];
};

struct source {
    const char *path;
    uint8_t protocol;
    uint8_t family;
};

static const struct source SOURCES[] = {
    {"/proc/net/tcp", IPPROTO_TCP, 4},
    {"/proc/net/tcp6", IPPROTO_TCP, 6},
    {"/proc/net/udp", IPPROTO_UDP, 4},
    {"/proc/net/udp6", IPPROTO_UDP, 6},
};

/* The kernel prints addresses as 32-bit words of its own byte order. */
static bool parse_address(const char *hex, uint8_t *address) {
    size_t words = strlen(hex) / 8;
    if (strlen(hex) % 8 != 0 || words > 4) return false;
    for (size_t at = 0; at < words; at++) {
        char part[9];
        memcpy(part, hex + 8 * at, 8);
        part[8] = '\0';
        uint32_t word = (uint32_t)strtoul(part, NULL, 16);
        memcpy(address + 4 * at, &word, sizeof word);
    }
    return true;
}

static void take_line(struct table *table, const struct source *source, const char *line) {
    char address[40];
    unsigned port, state, uid;
    unsigned long inode;
    int fields = sscanf(line, " %*u: %39[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*x:%*x %*x:%*x %*x %u %*d %lu",
                        address, &port, &state, &uid, &inode);
    unsigned wanted = source->protocol == IPPROTO_TCP ? STATE_LISTEN : STATE_CLOSE;
    if (fields != 5 || state != wanted || port == 0 || table->count == SOCKETS_MAX) return;
    struct listening *found = &table->sockets[table->count];
    *found = (struct listening){.protocol = source->protocol, .family = source->family,
                                .port = (uint16_t)port, .uid = uid, .inode = inode};
    if (parse_address(address, found->address)) table->count++;
}

static void read_source(struct table *table, const struct source *source) {
    char line[512];
    FILE *file = fopen(source->path, "re");
    if (file == NULL) return;
    while (fgets(line, sizeof line, file) != NULL) take_line(table, source, line);
    fclose(file);
}

static void name_owner(struct table *table, unsigned long inode, uint32_t pid) {
    for (size_t at = 0; at < table->count; at++) {
        struct listening *socket = &table->sockets[at];
        if (socket->inode != inode || socket->pid != 0) continue;
        char path[64];
        socket->pid = pid;
        (void)snprintf(path, sizeof path, "/proc/%u/comm", pid);
        if (read_small_file(AT_FDCWD, path, socket->name, sizeof socket->name) < 0) {
            socket->name[0] = '\0';
        }
        socket->name[strcspn(socket->name, "\n")] = '\0';
    }
}

static void search_descriptors(struct table *table, DIR *folder, uint32_t pid) {
    const struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        char target[64];
        unsigned long inode;
        ssize_t length = readlinkat(dirfd(folder), entry->d_name, target, sizeof target - 1);
        if (length <= 0) continue;
        target[length] = '\0';
        if (sscanf(target, "socket:[%lu]", &inode) == 1) name_owner(table, inode, pid);
    }
}

static void find_owners(struct table *table) {
    DIR *processes = opendir("/proc");
    const struct dirent *entry;
    if (processes == NULL) return;
    while ((entry = readdir(processes)) != NULL) {
        char path[300];
        uint64_t pid;
        if (!parse_decimal(entry->d_name, UINT32_MAX, &pid)) continue;
        (void)snprintf(path, sizeof path, "/proc/%s/fd", entry->d_name);
        DIR *folder = opendir(path);
        if (folder == NULL) continue;
        search_descriptors(table, folder, (uint32_t)pid);
        closedir(folder);
    }
    closedir(processes);
}

static int put_socket(struct output *output, const struct listening *socket, struct fault *fault) {
    uint8_t bytes[128];
    struct writer record = write_into(bytes, sizeof bytes);
    put_u32(&record, 0);
    put_u8(&record, socket->protocol);
    put_u8(&record, socket->family);
    put_bytes(&record, socket->address, sizeof socket->address);
    put_u16(&record, socket->port);
    put_u32(&record, socket->uid);
    put_u32(&record, socket->pid);
    put_text(&record, socket->name);
    set_u32(bytes, (uint32_t)written(&record) - 4);
    return output_put(output, bytes, written(&record), fault);
}

static void run(void *context) __attribute__((noreturn));
static void run(void *context) {
    static struct table table;
    static struct output output;
    struct fault fault = {0};
    uint8_t bytes[8];
    struct writer result = write_into(bytes, sizeof bytes);
    (void)context;
    for (size_t at = 0; at < sizeof SOURCES / sizeof SOURCES[0]; at++) {
        read_source(&table, &SOURCES[at]);
    }
    find_owners(&table);
    for (size_t at = 0; at < table.count; at++) {
        if (put_socket(&output, &table.sockets[at], &fault) != 0) status_fail(&fault);
    }
    if (output_flush(&output, &fault) != 0) status_fail(&fault);
    put_u64(&result, table.count);
    status_succeed(&result);
}

void open_ports(struct agent *agent, struct stream *stream, struct reader *fields) {
    uint32_t window = take_u32(fields);
    task_start(agent, stream, fields, &(struct task){.run = run, .window = window});
}
