#include "machine/power.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <time.h>
#include <unistd.h>

#include "system/text.h"

#define LOOK_EVERY_NS 5000000

/* Kernel threads and zombies have no program; PID 1 and this process are not waited for. */
static bool is_left(const char *entry, pid_t self, pid_t parent) {
    char path[300];
    char program[8];
    uint64_t pid;
    if (!parse_decimal(entry, INT32_MAX, &pid)) return false;
    if (pid == 1 || pid == (uint64_t)self || pid == (uint64_t)parent) return false;
    (void)snprintf(path, sizeof path, "/proc/%s/exe", entry);
    return readlink(path, program, sizeof program) > 0;
}

static bool anyone_left(void) {
    DIR *processes = opendir("/proc");
    const struct dirent *entry;
    bool found = false;
    if (processes == NULL) return false;
    while (!found && (entry = readdir(processes)) != NULL) {
        found = is_left(entry->d_name, getpid(), getppid());
    }
    closedir(processes);
    return found;
}

/* The one place that looks at a clock again and again: it lasts a fraction of a second, once. */
static void end_processes(uint32_t grace_ms) {
    const struct timespec pause = {.tv_nsec = LOOK_EVERY_NS};
    int64_t end_ns = monotonic_ns() + (int64_t)grace_ms * 1000000;
    kill(-1, SIGTERM);
    kill(-1, SIGCONT);
    while (monotonic_ns() < end_ns && anyone_left()) nanosleep(&pause, NULL);
    kill(-1, SIGKILL);
}

void power_cut(enum power_action action) {
    static const char *const DISKS[] = {"/root", "/"};
    sync();
    /* Fails where a file is still open for writing; the sync has saved what was written. */
    for (size_t at = 0; at < sizeof DISKS / sizeof DISKS[0]; at++) {
        mount(NULL, DISKS[at], NULL, MS_REMOUNT | MS_RDONLY, NULL);
    }
    if (action == POWER_ACTION_OFF) reboot(RB_POWER_OFF);
    reboot(RB_AUTOBOOT);
}

void power_down(enum power_action action, uint32_t grace_ms) {
    end_processes(grace_ms);
    power_cut(action);
}
