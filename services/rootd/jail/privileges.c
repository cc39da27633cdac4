#include "jail.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* linux/capability.h, which musl's headers do not have. */
enum { CAPABILITY_VERSION_3 = 0x20080522, LAST_POSSIBLE_CAPABILITY = 63 };
struct capability_header {
    uint32_t version;
    int pid;
};
struct capability_sets {
    uint32_t effective;
    uint32_t permitted;
    uint32_t inheritable;
};

void leave_groups(void) {
    if (setgroups(0, NULL) != 0) fail_errno("cannot leave the groups");
}

static void limit(int resource, const char *name, rlim_t most) {
    const struct rlimit both = {.rlim_cur = most, .rlim_max = most};
    if (setrlimit(resource, &both) != 0) fail_errno("cannot limit %s", name);
}

static void set_limits(const struct plan *plan) {
    limit(RLIMIT_FSIZE, "file size", plan->largest_file);
    limit(RLIMIT_NOFILE, "descriptors", 512);
    limit(RLIMIT_CORE, "core files", 0);
    /* A write beyond the limit is an error for the guest's disk then, not the end of the VMM. */
    if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR) fail_errno("cannot ignore SIGXFSZ");
}

static void drop_capabilities(void) {
    for (unsigned long capability = 0; capability <= LAST_POSSIBLE_CAPABILITY; capability++) {
        /* EINVAL: this kernel has fewer. */
        if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0 && errno != EINVAL) {
            fail_errno("cannot drop capability %lu", capability);
        }
    }
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) fail_errno("cannot clear ambient capabilities");
}

static void become(uid_t uid) {
    struct capability_header header = {.version = CAPABILITY_VERSION_3};
    const struct capability_sets none[2] = {{0}};
    if (setresgid(uid, uid, uid) != 0) fail_errno("cannot change the group to %u", uid);
    if (setresuid(uid, uid, uid) != 0) fail_errno("cannot change the user to %u", uid);
    if (syscall(SYS_capset, &header, none) != 0) fail_errno("cannot clear the capabilities");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail_errno("cannot refuse new privileges");
}

static void prove_dropped(const struct plan *plan) {
    struct capability_header header = {.version = CAPABILITY_VERSION_3};
    const struct capability_sets none[2] = {{0}};
    struct capability_sets sets[2];
    uid_t real, effective, saved;
    if (getresuid(&real, &effective, &saved) != 0) fail_errno("cannot read the user");
    if (real != plan->uid || effective != plan->uid || saved != plan->uid) fail("the user did not change");
    if (syscall(SYS_capget, &header, sets) != 0) fail_errno("cannot read the capabilities");
    if (memcmp(sets, none, sizeof sets) != 0) fail("capabilities are left");
    if (setuid(0) == 0) fail("root can be had back");
}

/*
 * Another process of this uid could reach into the VMM. The kernel counts them: where two tasks are allowed, a
 * second one can be made only by a user that has no other. One that has ended counts until its parent collects it.
 */
static void prove_alone(const struct plan *plan) {
    struct rlimit tasks = {.rlim_cur = 2, .rlim_max = plan->most_tasks};
    if (setrlimit(RLIMIT_NPROC, &tasks) != 0) fail_errno("cannot limit tasks");
    pid_t second = fork();
    if (second == 0) _exit(0);
    if (second < 0 && errno != EAGAIN) fail_errno("cannot fork");
    if (second < 0) _exit(UID_TAKEN);
    if (waitpid(second, NULL, 0) < 0) fail_errno("cannot wait");
    tasks.rlim_cur = plan->most_tasks;
    if (setrlimit(RLIMIT_NPROC, &tasks) != 0) fail_errno("cannot limit tasks");
}

void drop_privileges(const struct plan *plan) {
    set_limits(plan);
    drop_capabilities();
    become(plan->uid);
    prove_dropped(plan);
    prove_alone(plan);
}
