#include "agent/figures.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "system/text.h"

/*
 * Read in the agent itself: /proc and /sys answer at once, and so does statvfs on the disks the
 * guest program mounted. Other mounts are left alone, because a network one may hang.
 */
static const char *const MOUNTS[] = {"/", "/root"};
static const char *const MEMORY_KEYS[] = {"MemTotal:", "MemFree:", "MemAvailable:", "Buffers:",
                                          "Cached:", "SwapTotal:", "SwapFree:"};

/* The number after `key` at the start of a line; 0 when it is not there. */
static uint64_t number_after(const char *text, const char *key) {
    while (text != NULL && *text != '\0') {
        if (has_prefix(text, key)) return strtoull(text + strlen(key), NULL, 10);
        text = strchr(text, '\n');
        if (text != NULL) text++;
    }
    return 0;
}

static void put_memory(struct writer *payload) {
    char text[4096] = "";
    (void)read_small_file(AT_FDCWD, "/proc/meminfo", text, sizeof text);
    for (size_t at = 0; at < sizeof MEMORY_KEYS / sizeof MEMORY_KEYS[0]; at++) {
        put_u64(payload, number_after(text, MEMORY_KEYS[at]) * 1024);
    }
}

/* user, nice, system, idle, iowait, irq, softirq, steal, summed over all CPUs, in microseconds. */
static void put_cpu(struct writer *payload) {
    char text[1024] = "";
    long per_second = sysconf(_SC_CLK_TCK);
    (void)read_small_file(AT_FDCWD, "/proc/stat", text, sizeof text);
    char *at = has_prefix(text, "cpu ") ? text + 4 : text + strlen(text);
    put_u32(payload, (uint32_t)sysconf(_SC_NPROCESSORS_ONLN));
    for (int field = 0; field < 8; field++) {
        uint64_t ticks = strtoull(at, &at, 10);
        put_u64(payload, per_second > 0 ? ticks * 1000000 / (uint64_t)per_second : 0);
    }
}

static void put_load(struct writer *payload) {
    char text[128] = "";
    (void)read_small_file(AT_FDCWD, "/proc/loadavg", text, sizeof text);
    char *at = text;
    for (int field = 0; field < 3; field++) put_u32(payload, (uint32_t)(strtod(at, &at) * 100 + 0.5));
    put_u32(payload, (uint32_t)strtoul(at, &at, 10));
    put_u32(payload, *at == '/' ? (uint32_t)strtoul(at + 1, NULL, 10) : 0);
}

static void put_mounts(struct writer *payload) {
    put_u32(payload, sizeof MOUNTS / sizeof MOUNTS[0]);
    for (size_t at = 0; at < sizeof MOUNTS / sizeof MOUNTS[0]; at++) {
        struct statvfs status;
        if (statvfs(MOUNTS[at], &status) != 0) status = (struct statvfs){.f_bsize = 0};
        put_text(payload, MOUNTS[at]);
        put_u64(payload, (uint64_t)status.f_blocks * status.f_frsize);
        put_u64(payload, (uint64_t)status.f_bfree * status.f_frsize);
        put_u64(payload, (uint64_t)status.f_bavail * status.f_frsize);
        put_u64(payload, status.f_files);
        put_u64(payload, status.f_ffree);
    }
}

/* Of /sys/block/NAME/stat: reads, sectors read, writes, sectors written (fields 1, 3, 5, 7). */
static void put_disk(struct writer *payload, const char *name) {
    char path[300];
    char text[512] = "";
    uint64_t fields[8] = {0};
    (void)snprintf(path, sizeof path, "/sys/block/%s/stat", name);
    (void)read_small_file(AT_FDCWD, path, text, sizeof text);
    char *at = text;
    for (int field = 0; field < 8; field++) fields[field] = strtoull(at, &at, 10);
    put_text(payload, name);
    put_u64(payload, fields[0]);
    put_u64(payload, fields[2] * 512);
    put_u64(payload, fields[4]);
    put_u64(payload, fields[6] * 512);
}

static void put_link(struct writer *payload, const char *name) {
    static const char *const COUNTERS[] = {"rx_bytes", "rx_packets", "tx_bytes", "tx_packets"};
    put_text(payload, name);
    for (size_t at = 0; at < sizeof COUNTERS / sizeof COUNTERS[0]; at++) {
        char path[300];
        char text[32] = "";
        (void)snprintf(path, sizeof path, "/sys/class/net/%s/statistics/%s", name, COUNTERS[at]);
        (void)read_small_file(AT_FDCWD, path, text, sizeof text);
        put_u64(payload, strtoull(text, NULL, 10));
    }
}

/* One entry for each name in the folder that does not start with `skipped`; 16 at most. */
static void put_each(struct writer *payload, const char *path, const char *skipped,
                     void (*put)(struct writer *payload, const char *name)) {
    uint8_t *count_at = payload->at;
    uint32_t count = 0;
    const struct dirent *entry;
    put_u32(payload, 0);
    DIR *folder = opendir(path);
    if (folder == NULL) return;
    while (count < 16 && (entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] == '.' || has_prefix(entry->d_name, skipped)) continue;
        put(payload, entry->d_name);
        count++;
    }
    closedir(folder);
    if (!payload->overflow) set_u32(count_at, count);
}

void open_figures(struct agent *agent, struct stream *stream, struct reader *fields) {
    static uint8_t bytes[16384];
    struct writer payload = write_into(bytes, sizeof bytes);
    (void)agent;
    (void)fields;
    put_u64(&payload, (uint64_t)boottime_ns());
    put_memory(&payload);
    put_cpu(&payload);
    put_load(&payload);
    put_mounts(&payload);
    put_each(&payload, "/sys/block", "loop", put_disk);
    put_each(&payload, "/sys/class/net", "lo", put_link);
    stream_result(stream, &payload);
}
