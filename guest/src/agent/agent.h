/* What the parts of the agent share. */
#ifndef BANGER_AGENT_AGENT_H
#define BANGER_AGENT_AGENT_H

#include <stdbool.h>

#include "agent/children.h"
#include "agent/detached.h"
#include "agent/loop.h"
#include "agent/session.h"

struct agent {
    struct loop loop;
    struct session session;
    struct children children;
    struct detached_list detached;
    /*
     * True when the guest program itself started this agent in a VM. Run by hand, as in tests, it
     * may not touch the machine: clock, entropy, identity and power are refused.
     */
    bool owns_machine;
    /* For a VMM that ends on reset and knows no ACPI power-off. */
    bool power_off_by_reset;
    /* Commands that ended with output pipes still held open by processes they left behind. */
    int lingering;
};

#endif
