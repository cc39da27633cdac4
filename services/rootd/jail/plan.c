#include "jail.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Options of `jail launch`. FD is a descriptor that rootd opened, or the number that one made here gets.
 *
 *   --lock FD            locked for the VMM's life; a second launch of the same VM finds it held
 *   --record FD          file that gets the VMM's identity
 *   --cgroup FD          cgroup.procs of the VMM's own control group
 *   --folder FD          folder of the VM; log and sockets are made in it, as its owner
 *   --uid N              user and group of the VMM
 *   --largest-file N     bytes; RLIMIT_FSIZE
 *   --most-tasks N       RLIMIT_NPROC
 *   --root PATH          empty folder of root's, over which the jail is mounted
 *   --log NAME           file in the folder for standard output and error
 *   --tap FD=NAME        tap device that exists
 *   --listen FD=NAME     stream socket in the folder
 *   --bind FD=/NAME      read-only file in the jail, from an open one
 *   --system 0=PATH      file or folder of the host, read-only at the same place
 *   --device 0=PATH      character device of the host, for the VMM alone
 *   --keep FD=NAME       descriptor that goes to the VMM as it is
 *   -- COMMAND...        the VMM, by its path in the jail
 */
enum kind { NUMBER_FD, NUMBER_UID, NUMBER_LIMIT, TEXT, ITEM };

struct option {
    const char *name;
    enum kind kind;
    void *target;
};

unsigned long parse_number(const char *text, unsigned long most) {
    char *end = NULL;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || value > most) {
        fail("\"%s\" is not a number from 0 to %lu", text, most);
    }
    return value;
}

static struct item parse_item(char *text) {
    char *equals = strchr(text, '=');
    if (equals == NULL) fail("\"%s\" is not FD=TEXT", text);
    *equals = '\0';
    return (struct item){.fd = (int)parse_number(text, MOST_DESCRIPTORS - 1), .text = equals + 1};
}

static void set_option(const struct option *option, char *value) {
    switch (option->kind) {
    case NUMBER_FD: *(int *)option->target = (int)parse_number(value, MOST_DESCRIPTORS - 1); return;
    case NUMBER_UID: *(uid_t *)option->target = (uid_t)parse_number(value, 0x7ffffffe); return;
    case NUMBER_LIMIT: *(rlim_t *)option->target = parse_number(value, ~0UL >> 1); return;
    case TEXT: *(const char **)option->target = value; return;
    case ITEM: break;
    }
    struct items *items = option->target;
    if (items->count == MOST_ITEMS) fail("%s is given too often", option->name);
    items->at[items->count++] = parse_item(value);
}

static void keep_descriptors(struct plan *plan, const struct items *items) {
    for (int i = 0; i < items->count; i++) plan->keep[items->at[i].fd] = true;
}

static void require_complete(const struct plan *plan) {
    const int fds[] = {plan->lock_fd, plan->record_fd, plan->folder_fd};
    for (unsigned i = 0; i < sizeof fds / sizeof *fds; i++) {
        if (fds[i] < 3) fail("--lock, --record and --folder need descriptors above 2");
    }
    if (plan->uid == 0) fail("--uid may not be root's");
    if (plan->root == NULL || plan->log == NULL) fail("--root and --log are needed");
    if (plan->largest_file == 0 || plan->most_tasks == 0) fail("both limits are needed");
    if (plan->command[0] == NULL) fail("there is no command");
}

struct plan parse_plan(char **arguments) {
    struct plan plan = {.lock_fd = -1, .record_fd = -1, .cgroup_fd = -1, .folder_fd = -1};
    struct items kept = {0};
    const struct option options[] = {
        {"--lock", NUMBER_FD, &plan.lock_fd},
        {"--record", NUMBER_FD, &plan.record_fd},
        {"--cgroup", NUMBER_FD, &plan.cgroup_fd},
        {"--folder", NUMBER_FD, &plan.folder_fd},
        {"--uid", NUMBER_UID, &plan.uid},
        {"--largest-file", NUMBER_LIMIT, &plan.largest_file},
        {"--most-tasks", NUMBER_LIMIT, &plan.most_tasks},
        {"--root", TEXT, &plan.root},
        {"--log", TEXT, &plan.log},
        {"--tap", ITEM, &plan.taps},
        {"--listen", ITEM, &plan.listens},
        {"--bind", ITEM, &plan.binds},
        {"--system", ITEM, &plan.systems},
        {"--device", ITEM, &plan.devices},
        {"--keep", ITEM, &kept},
    };
    for (; *arguments != NULL && strcmp(*arguments, "--") != 0; arguments += 2) {
        const struct option *found = NULL;
        for (unsigned i = 0; i < sizeof options / sizeof *options; i++) {
            if (strcmp(options[i].name, *arguments) == 0) found = &options[i];
        }
        if (found == NULL || arguments[1] == NULL) fail("\"%s\" is not an option", *arguments);
        set_option(found, arguments[1]);
    }
    plan.command = *arguments == NULL ? arguments : arguments + 1;
    keep_descriptors(&plan, &kept);
    keep_descriptors(&plan, &plan.taps);
    keep_descriptors(&plan, &plan.listens);
    require_complete(&plan);
    plan.keep[plan.lock_fd] = true;
    return plan;
}
