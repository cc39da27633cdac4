#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "machine/power.h"
#include "system/abi.h"
#include "tasks/task.h"

#define GRACE_MAX_MS 60000

struct plan {
    enum power_action action;
    bool reboots;
    bool ask_init;
    uint32_t grace_ms;
};

static bool asked_systemd(const struct plan *plan) {
    struct stat status;
    if (!plan->ask_init || stat("/run/systemd/system", &status) != 0) return false;
    return kill(1, plan->reboots ? SIGNAL_REBOOT : SIGNAL_POWER_OFF) == 0;
}

/* The host is answered by the first child; the second, which nobody waits for, ends the machine. */
static void run(void *context) __attribute__((noreturn));
static void run(void *context) {
    const struct plan *plan = context;
    struct writer nothing = write_into(NULL, 0);
    struct fault fault = {0};
    if (asked_systemd(plan)) status_succeed(&nothing);
    pid_t pid = fork();
    if (pid < 0) {
        (void)fail_errno(&fault, "cannot start the power-off");
        status_fail(&fault);
    }
    if (pid > 0) status_succeed(&nothing);
    close(STATUS_FD);
    close(STDOUT_FILENO);
    power_down(plan->action, plan->grace_ms);
    _exit(1);
}

void open_power(struct agent *agent, struct stream *stream, struct reader *fields) {
    struct plan plan = {.reboots = take_u8(fields) == POWER_REBOOT};
    plan.ask_init = (take_u8(fields) & POWER_ASK_INIT) != 0;
    plan.grace_ms = take_u32(fields);
    if (plan.grace_ms > GRACE_MAX_MS) plan.grace_ms = GRACE_MAX_MS;
    bool reset = plan.reboots || agent->power_off_by_reset;
    plan.action = reset ? POWER_ACTION_RESET : POWER_ACTION_OFF;
    task_start(agent, stream, fields, &(struct task){.run = run, .context = &plan});
}
