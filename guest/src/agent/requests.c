#include "agent/requests.h"

#include <errno.h>

#include "agent/agent.h"
#include "agent/detached.h"
#include "agent/dial.h"
#include "agent/exec.h"
#include "agent/figures.h"
#include "agent/machine.h"
#include "agent/viewer.h"
#include "tasks/task.h"

static void open_ping(struct agent *agent, struct stream *stream, struct reader *fields) {
    struct writer echo = {.start = (uint8_t *)(uintptr_t)fields->at,
                          .at = (uint8_t *)(uintptr_t)fields->end};
    (void)agent;
    if (echo.at - echo.start > 1024) echo.at = echo.start + 1024;
    stream_result(stream, &echo);
}

static const struct opening {
    uint16_t operation;
    /* Changes the machine itself, so only an agent that owns it may. */
    bool needs_machine;
    void (*open)(struct agent *agent, struct stream *stream, struct reader *fields);
} OPENINGS[] = {
    {OP_PING, false, open_ping},
    {OP_EXEC, false, open_exec},
    {OP_ATTACH, false, open_attach},
    {OP_PROCESSES, false, open_processes},
    {OP_UNPACK, false, open_unpack},
    {OP_PACK, false, open_pack},
    {OP_STAT, false, open_stat},
    {OP_LIST, false, open_list},
    {OP_LIST_TREE, false, open_list_tree},
    {OP_DIAL, false, open_dial},
    {OP_PORTS, false, open_ports},
    {OP_FIGURES, false, open_figures},
    {OP_SYNC, false, open_sync},
    {OP_POWER, true, open_power},
    {OP_SET_CLOCK, true, open_set_clock},
    {OP_ADD_ENTROPY, true, open_add_entropy},
    {OP_SET_IDENTITY, true, open_set_identity},
};

void requests_open(void *owner, struct stream *stream, struct request *request) {
    struct agent *agent = owner;
    struct fault fault = {0};
    for (size_t at = 0; at < sizeof OPENINGS / sizeof OPENINGS[0]; at++) {
        if (OPENINGS[at].operation != request->operation || request->fields.failed) continue;
        if (OPENINGS[at].needs_machine && !agent->owns_machine) {
            (void)fail(&fault, EPERM, "this agent does not run a machine of its own");
            stream_error(stream, &fault);
            return;
        }
        OPENINGS[at].open(agent, stream, &request->fields);
        return;
    }
    (void)fail(&fault, ENOSYS, "the guest program knows no operation %u", request->operation);
    stream_error(stream, &fault);
}
