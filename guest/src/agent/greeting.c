#include "agent/greeting.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "system/report.h"
#include "system/text.h"
#include "wire/bytes.h"

static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value == NULL ? "" : value;
}

/* A u32 count, then each as name and nanoseconds. */
static void put_phases(struct writer *payload) {
    const char *at = variable(REPORT_PHASES);
    uint8_t *count_at = payload->at;
    uint32_t count = 0;
    put_u32(payload, 0);
    while (*at != '\0') {
        char name[64];
        long long when;
        int used = 0;
        if (sscanf(at, "%63[^=]=%lld,%n", name, &when, &used) != 2 || used == 0) break;
        put_text(payload, name);
        put_u64(payload, (uint64_t)when);
        at += used;
        count++;
    }
    if (!payload->overflow) set_u32(count_at, count);
}

static void put_warnings(struct writer *payload) {
    const char *at = variable(REPORT_WARNINGS);
    uint8_t *count_at = payload->at;
    uint32_t count = 0;
    put_u32(payload, 0);
    for (; *at != '\0'; count++) {
        size_t length = strcspn(at, "\n");
        put_u32(payload, (uint32_t)length);
        put_bytes(payload, at, length);
        at += length + (at[length] == '\n' ? 1 : 0);
    }
    if (!payload->overflow) set_u32(count_at, count);
}

static void put_ready(struct writer *payload) {
    char boot_id[64] = "";
    struct utsname kernel = {.release = ""};
    (void)read_small_file(AT_FDCWD, "/proc/sys/kernel/random/boot_id", boot_id, sizeof boot_id);
    boot_id[strcspn(boot_id, "\n")] = '\0';
    uname(&kernel);
    put_text(payload, GUEST_VERSION);
    put_text(payload, boot_id);
    put_text(payload, kernel.release);
    put_text(payload, variable(REPORT_INIT));
    put_u64(payload, (uint64_t)boottime_ns());
    put_phases(payload);
    put_warnings(payload);
}

void greeting_make(struct frame *frame) {
    static uint8_t bytes[8192];
    struct writer payload = write_into(bytes, sizeof bytes);
    bool ready = *variable(REPORT_FAILED_STEP) == '\0';
    if (ready) {
        put_ready(&payload);
    } else {
        put_text(&payload, variable(REPORT_FAILED_STEP));
        put_text(&payload, variable(REPORT_FAILED_REASON));
        put_phases(&payload);
    }
    *frame = (struct frame){.type = ready ? FRAME_READY : FRAME_FAILED,
                            .payload = bytes,
                            .length = (uint32_t)written(&payload)};
}
