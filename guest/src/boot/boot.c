/* PID 1 from the kernel's first step to the image's init. Read STEPS for the story. */
#include "boot/boot.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/main.h"
#include "machine/power.h"
#include "system/text.h"

static const struct step {
    const char *name;
    int (*run)(struct boot *boot, struct fault *fault);
} STEPS[] = {
    {"kernel-folders", mount_kernel_folders},
    {"config", read_config},
    {"modules", load_modules},
    {"root", mount_root},
    {"enter-root", enter_root},
    {"folders", mount_folders},
    {"work", mount_work},
    {"kernel-modules", mount_modules},
    {"identity", write_identity},
    {"network", set_network},
    {"agent", start_agent},
};

static void say(const char *kind, const char *step, const char *reason) {
    char line[1024];
    int length = snprintf(line, sizeof line, "banger-guest: %s: %s: %s\n", kind, step, reason);
    if (length > (int)sizeof line - 1) length = (int)sizeof line - 1;
    if (write_fully(STDERR_FILENO, line, (size_t)length) != 0) return;
}

void warn(struct boot *boot, const char *step, const char *reason) {
    say("warning", step, reason);
    report_warning(&boot->report, step, reason);
}

/* Never a shell, never a silent halt: the console and the host learn why, then the machine is off. */
static void give_up(struct boot *boot, const char *step, const struct fault *fault)
    __attribute__((noreturn));
static void give_up(struct boot *boot, const char *step, const struct fault *fault) {
    say("failed", step, fault->message);
    setenv(REPORT_FAILED_STEP, step, 1);
    setenv(REPORT_FAILED_REASON, fault->message, 1);
    setenv(REPORT_PHASES, boot->report.phases, 1);
    agent_tell_failure(boot->config.channel);
    power_cut(boot->config.power_off_by_reset ? POWER_ACTION_RESET : POWER_ACTION_OFF);
    _exit(1);
}

/* The kernel opens /dev/console as 0, 1 and 2 if there is one; nothing else may get those numbers. */
static void hold_standard_descriptors(void) {
    int fd = 0;
    while (fd >= 0 && fd <= STDERR_FILENO) fd = open("/dev/null", O_RDWR);
    if (fd > STDERR_FILENO) close(fd);
}

/* An init expects what the kernel would have given it, and it may rely on default signals. */
static void hand_over(const char *init) {
    char *argv[] = {(char *)(uintptr_t)init, NULL};
    clearenv();
    setenv("HOME", "/", 1);
    setenv("TERM", "linux", 1);
    setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
    execv(init, argv);
}

void boot_main(void) {
    static struct boot boot;
    struct fault fault = {0};
    config_defaults(&boot.config);
    hold_standard_descriptors();
    umask(022);
    report_phase(&boot.report, "init", boottime_ns());
    for (size_t at = 0; at < sizeof STEPS / sizeof STEPS[0]; at++) {
        if (STEPS[at].run(&boot, &fault) != 0) give_up(&boot, STEPS[at].name, &fault);
        report_phase(&boot.report, STEPS[at].name, boottime_ns());
    }
    const char *init = find_init(&boot, &fault);
    if (init != NULL) {
        hand_over(init);
        say("warning", "init", strerror(errno));
    }
    be_init(boot.config.power_off_by_reset);
}
