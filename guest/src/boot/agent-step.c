/* Starts the program a second time, as the agent, before anything of the image runs. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "boot/boot.h"
#include "system/text.h"

#define AGENT_CGROUP "/sys/fs/cgroup/banger"
/* The longest PID 1 waits for the agent's first look at the channel. */
#define HEAD_START_MS 500

/*
 * A group of its own: systemd moves what it finds in the root group into init.scope, and there it
 * would count and limit what the host runs as its own. Without control groups nothing is lost.
 */
static void leave_root_cgroup(void) {
    (void)mkdir(AGENT_CGROUP, 0755);
    (void)write_small_file(AT_FDCWD, AGENT_CGROUP "/cgroup.procs", "0");
}

static void export_report(const struct boot *boot, const char *init, int ready_fd) {
    char number[16];
    (void)snprintf(number, sizeof number, "%d", ready_fd);
    setenv(REPORT_PHASES, boot->report.phases, 1);
    setenv(REPORT_WARNINGS, boot->report.warnings, 1);
    setenv(REPORT_CHANNEL, boot->config.channel, 1);
    setenv(REPORT_INIT, init, 1);
    setenv(REPORT_POWER_OFF, boot->config.power_off_by_reset ? "reset" : "acpi", 1);
    setenv(REPORT_READY_FD, number, 1);
}

static void become_agent(struct boot *boot, const char *init, int ready_fd)
    __attribute__((noreturn));
static void become_agent(struct boot *boot, const char *init, int ready_fd) {
    char name[] = AGENT_NAME;
    char *argv[] = {name, NULL};
    setsid();
    leave_root_cgroup();
    /* Without memory pressure taken care of, the way to find out why the guest is slow would go. */
    (void)write_small_file(AT_FDCWD, "/proc/self/oom_score_adj", "-1000");
    report_phase(&boot->report, "agent", boottime_ns());
    export_report(boot, init, ready_fd);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null >= 0) {
        dup2(null, STDIN_FILENO);
        dup2(null, STDOUT_FILENO);
    }
    execv("/proc/self/exe", argv);
    _exit(127);
}

/*
 * Order matters: with one CPU the image's init would take it away from the agent just when the host
 * waits for its first answer. The pipe closes when the agent has looked at the channel, or died.
 */
static void give_head_start(int fd) {
    struct pollfd item = {.fd = fd, .events = POLLIN};
    poll(&item, 1, HEAD_START_MS);
}

int start_agent(struct boot *boot, struct fault *fault) {
    int ready[2];
    const char *init = find_init(boot, fault);
    if (init == NULL && fault->message[0] != '\0') return -1;
    if (pipe(ready) != 0 || fcntl(ready[0], F_SETFD, FD_CLOEXEC) != 0) {
        return fail_errno(fault, "cannot make a pipe");
    }
    pid_t pid = fork();
    if (pid < 0) return fail_errno(fault, "cannot start the agent");
    if (pid == 0) become_agent(boot, init == NULL ? "banger" : init, ready[1]);
    close(ready[1]);
    give_head_start(ready[0]);
    close(ready[0]);
    return 0;
}
