/*
 * One program, two roles: PID 1 of the initrd, which boots the guest, and the agent, which answers
 * the host. A third way in runs the agent by hand, without a machine of its own, for tests.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/main.h"
#include "boot/boot.h"
#include "machine/power.h"
#include "system/report.h"
#include "system/text.h"

/* No channel, no host that could ever ask why: the machine is of no use to anyone. */
static int run_agent(void) {
    const char *channel = getenv(REPORT_CHANNEL);
    const char *ready = getenv(REPORT_READY_FD);
    uint64_t ready_fd;
    if (channel == NULL || ready == NULL || !parse_decimal(ready, 1023, &ready_fd)) return 1;
    int status = agent_main(channel, true, (int)ready_fd);
    const char *power_off = getenv(REPORT_POWER_OFF);
    bool by_reset = power_off != NULL && strcmp(power_off, "reset") == 0;
    power_cut(by_reset ? POWER_ACTION_RESET : POWER_ACTION_OFF);
    return status;
}

int main(int argc, char **argv) {
    if (argc > 0 && strcmp(argv[0], AGENT_NAME) == 0) return run_agent();
    if (argc == 3 && strcmp(argv[1], "--agent") == 0) return agent_main(argv[2], false, -1);
    if (getpid() == 1) boot_main();
    fprintf(stderr,
            "usage: %s --agent fd:NUMBER|unix:PATH|vsock:PORT|virtio-serial:NAME\n"
            "Otherwise this is the /init of a banger guest's initrd.\n",
            argc > 0 ? argv[0] : "guest");
    return 2;
}
