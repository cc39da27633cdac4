#include "agent/main.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/greeting.h"
#include "agent/launch.h"
#include "agent/requests.h"
#include "system/report.h"
#include "system/text.h"

#define PORT_WAIT_MS 10000
/* What failed may be the very modules that would bring the port. */
#define FAILURE_PORT_WAIT_MS 500
/* How long a failed boot waits for the host to take the news. */
#define FAILURE_LIMIT_MS 2000
/* From writing the news until the machine goes: the VMM passes it on meanwhile. */
#define FAILURE_LINGER_MS 100
#define CHILD_DESCRIPTORS_MAX 1048576

/*
 * Shutdown scripts signal everyone with SIGTERM first: the channel is to stay until the very end.
 * A closed pipe or socket is an error to be handled where it is written to.
 */
static void ignore_signals(void) {
    static const int IGNORED[] = {SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGUSR1, SIGUSR2,
                                  SIGTSTP, SIGTTIN, SIGTTOU};
    for (size_t at = 0; at < sizeof IGNORED / sizeof IGNORED[0]; at++) {
        signal(IGNORED[at], SIG_IGN);
    }
}

static void raise_limits(void) {
    struct rlimit files;
    /* What children may raise theirs to; only root may grant it. */
    if (geteuid() == 0) {
        files = (struct rlimit){.rlim_cur = DESCRIPTORS_MAX, .rlim_max = CHILD_DESCRIPTORS_MAX};
        setrlimit(RLIMIT_NOFILE, &files);
    }
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < DESCRIPTORS_MAX) {
        files.rlim_cur = files.rlim_max < DESCRIPTORS_MAX ? files.rlim_max : DESCRIPTORS_MAX;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

static int start(struct agent *agent, const char *channel, int port_wait_ms,
                 struct fault *fault) {
    if (loop_open(&agent->loop) != 0 || children_open(&agent->children, &agent->loop) != 0) {
        return fail_errno(fault, "cannot set up the agent");
    }
    agent->session.loop = &agent->loop;
    agent->session.open_request = requests_open;
    agent->session.greet = greeting_make;
    agent->session.owner = agent;
    agent->session.channel.port_wait_ms = port_wait_ms;
    session_start(&agent->session);
    return channel_open(&agent->session.channel, channel, fault);
}

static void close_ready(void *owner) {
    int *ready_fd = owner;
    close_quietly(ready_fd);
}

static int run(struct agent *agent, const char *channel, int *ready_fd) {
    struct fault fault = {0};
    if (start(agent, channel, PORT_WAIT_MS, &fault) != 0) {
        fprintf(stderr, "banger-guest: failed: agent: %s\n", fault.message);
        return 1;
    }
    /* Due after the first look at the channel. */
    struct deadline ready = {.passed = close_ready, .owner = ready_fd};
    deadline_set(&agent->loop, &ready, 0);
    loop_run(&agent->loop);
    return 0;
}

int agent_main(const char *channel, bool owns_machine, int ready_fd) {
    static struct agent agent;
    const char *power_off = getenv(REPORT_POWER_OFF);
    agent.owns_machine = owns_machine;
    agent.power_off_by_reset = power_off != NULL && strcmp(power_off, "reset") == 0;
    ignore_signals();
    raise_limits();
    /* Started through /proc/self/exe, it would be listed as "exe". */
    prctl(PR_SET_NAME, "banger-agent");
    return run(&agent, channel, &ready_fd);
}

struct farewell {
    struct agent agent;
    struct deadline end;
};

static void stop_loop(void *owner) {
    struct farewell *farewell = owner;
    loop_stop(&farewell->agent.loop);
}

static void told(void *owner) {
    struct farewell *farewell = owner;
    deadline_set(&farewell->agent.loop, &farewell->end, FAILURE_LINGER_MS);
}

static void refuse(void *owner, struct stream *stream, struct request *request) {
    struct fault fault = {0};
    (void)owner;
    (void)request;
    (void)fail(&fault, EIO, "the guest failed to boot");
    stream_error(stream, &fault);
}

void agent_tell_failure(const char *channel) {
    static struct farewell farewell;
    struct session *session = &farewell.agent.session;
    struct fault fault = {0};
    ignore_signals();
    if (start(&farewell.agent, channel, FAILURE_PORT_WAIT_MS, &fault) != 0) return;
    session->open_request = refuse;
    session->greeted = told;
    session->owner = &farewell;
    farewell.end = (struct deadline){.passed = stop_loop, .owner = &farewell};
    deadline_set(&farewell.agent.loop, &farewell.end, FAILURE_LIMIT_MS);
    loop_run(&farewell.agent.loop);
}
