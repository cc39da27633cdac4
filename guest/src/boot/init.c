#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "boot/boot.h"
#include "machine/power.h"
#include "system/abi.h"
#include "system/text.h"

#define GRACE_MS 500

static const char *const USUAL_INITS[] = {"/sbin/init", "/etc/init", "/lib/systemd/systemd"};

const char *find_init(struct boot *boot, struct fault *fault) {
    const char *wanted = boot->config.init;
    if (strcmp(wanted, "none") == 0) return NULL;
    if (strcmp(wanted, "auto") != 0) {
        if (access(wanted, X_OK) == 0) return wanted;
        (void)fail_errno(fault, "the configured init %s cannot run", quote(wanted).text);
        return NULL;
    }
    for (size_t at = 0; at < sizeof USUAL_INITS / sizeof USUAL_INITS[0]; at++) {
        if (access(USUAL_INITS[at], X_OK) == 0) return USUAL_INITS[at];
    }
    return NULL;
}

/* Busybox's poweroff, halt and reboot, systemd's, and the kernel's Ctrl-Alt-Del. */
static bool is_reset(int number) {
    return number == SIGTERM || number == SIGINT || number == SIGNAL_REBOOT;
}

static bool is_off(int number) {
    return number == SIGUSR1 || number == SIGUSR2 || number == SIGPWR || number == SIGNAL_HALT ||
           number == SIGNAL_POWER_OFF;
}

void be_init(bool power_off_by_reset) {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    for (;;) {
        while (waitpid(-1, NULL, WNOHANG) > 0) continue;
        int number = sigwaitinfo(&all, NULL);
        if (is_reset(number) || (is_off(number) && power_off_by_reset)) {
            power_down(POWER_ACTION_RESET, GRACE_MS);
        } else if (is_off(number)) {
            power_down(POWER_ACTION_OFF, GRACE_MS);
        }
    }
}
