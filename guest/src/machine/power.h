/* Switching the machine off, or resetting it, without losing what was written. */
#ifndef BANGER_MACHINE_POWER_H
#define BANGER_MACHINE_POWER_H

#include <stdbool.h>
#include <stdint.h>

enum power_action {
    POWER_ACTION_OFF,
    /* Also the way to switch a machine off whose VMM ends on reset and knows no ACPI. */
    POWER_ACTION_RESET,
};

/*
 * Ends all processes (SIGTERM, SIGKILL after `grace_ms`), writes everything to the disks, makes
 * them read-only, and does it. Only in a VM, and as root; returns only if the kernel refuses.
 */
void power_down(enum power_action action, uint32_t grace_ms);
/* The last part alone, for when nothing runs yet. */
void power_cut(enum power_action action);

#endif
