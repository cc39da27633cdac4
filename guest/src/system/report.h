/*
 * What the boot tells the agent, and the agent the host: when each step was done, what went wrong
 * without stopping the boot, and what did stop it. It travels in environment variables, because the
 * two are one program started twice.
 */
#ifndef BANGER_SYSTEM_REPORT_H
#define BANGER_SYSTEM_REPORT_H

#include <stddef.h>
#include <stdint.h>

#define REPORT_PHASES "BANGER_PHASES"
#define REPORT_WARNINGS "BANGER_WARNINGS"
#define REPORT_FAILED_STEP "BANGER_FAILED_STEP"
#define REPORT_FAILED_REASON "BANGER_FAILED_REASON"
#define REPORT_CHANNEL "BANGER_CHANNEL"
#define REPORT_INIT "BANGER_INIT"
#define REPORT_POWER_OFF "BANGER_POWER_OFF"
#define REPORT_READY_FD "BANGER_READY_FD"

/* The name the agent runs under; systemd spares processes whose name begins with "@". */
#define AGENT_NAME "@banger-agent"
#define GUEST_VERSION "1"

/* "NAME=NANOSECONDS," for each step, in order. */
struct report {
    size_t phases_fill;
    char phases[1024];
    /* One line each. */
    size_t warnings_fill;
    char warnings[2048];
};

void report_phase(struct report *report, const char *name, int64_t boottime);
void report_warning(struct report *report, const char *step, const char *reason);

#endif
