/* From fork to execve. Runs in the child, so it may block on the image's files and leaks nothing. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/account.h"
#include "agent/exec.h"
#include "agent/status.h"
#include "system/text.h"

#define NOT_STARTED 126
#define NOT_FOUND 127
/* More would break programs that use select(); a program that wants more raises it itself. */
#define USUAL_DESCRIPTORS 1024
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static void give_up(struct fault *fault, uint8_t exit_status) __attribute__((noreturn));
static void give_up(struct fault *fault, uint8_t exit_status) {
    fault->exit_status = exit_status;
    status_fail(fault);
}

static const char *find_variable(char *const *env, const char *name) {
    size_t length = strlen(name);
    for (; *env != NULL; env++) {
        if (strncmp(*env, name, length) == 0 && (*env)[length] == '=') return *env + length + 1;
    }
    return NULL;
}

/* Adds NAME=value unless the host set it; `env` has room. */
static void add_default(char **env, const char *name, const char *value) {
    char *entry;
    if (find_variable(env, name) != NULL || asprintf(&entry, "%s=%s", name, value) < 0) return;
    while (*env != NULL) env++;
    *env = entry;
}

static char **complete_env(const struct exec_plan *plan, const struct account *account) {
    size_t count = 0;
    while (plan->env[count] != NULL) count++;
    char **env = calloc(count + 7, sizeof *env);
    if (env == NULL) _exit(NOT_STARTED);
    for (size_t at = 0; at < count; at++) env[at] = plan->env[at];
    add_default(env, "PATH", DEFAULT_PATH);
    add_default(env, "HOME", account->home);
    add_default(env, "USER", account->name);
    add_default(env, "LOGNAME", account->name);
    add_default(env, "SHELL", account->shell);
    if ((plan->flags & EXEC_PTY) != 0) add_default(env, "TERM", "xterm");
    return env;
}

/* The agent's own privileges against memory pressure and its many descriptors are not inherited. */
static void drop_agent_limits(void) {
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_max > USUAL_DESCRIPTORS) {
        files.rlim_cur = USUAL_DESCRIPTORS;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    /* Without /proc there is nothing to set back either. */
    (void)write_small_file(AT_FDCWD, "/proc/self/oom_score_adj", "0");
    umask(022);
}

static int become(const struct account *account, struct fault *fault) {
    bool is_root = geteuid() == 0;
    if (!is_root && account->uid == getuid()) return 0;
    if (setgroups((size_t)account->group_count, account->groups) != 0 ||
        setresgid(account->gid, account->gid, account->gid) != 0 ||
        setresuid(account->uid, account->uid, account->uid) != 0) {
        return fail_errno(fault, "cannot become user %s", quote(account->name).text);
    }
    return 0;
}

static int enter_folder(const char *folder, const struct account *account, struct fault *fault) {
    if (*folder != '\0') {
        if (chdir(folder) == 0) return 0;
        if (errno == ENOENT) {
            return fail(fault, ENOENT, "folder %s does not exist in the guest", quote(folder).text);
        }
        return fail_errno(fault, "cannot enter folder %s in the guest", quote(folder).text);
    }
    /* A home that is not there is common in small images. */
    if (chdir(account->home) != 0 && chdir("/") != 0) return fail_errno(fault, "cannot enter \"/\"");
    return 0;
}

/* Returns only when `file` did not start; errno says why. */
static void try_start(const char *file, const struct exec_plan *plan, char **env) {
    execve(file, plan->argv, env);
}

/* `*refusal` becomes the errno of a file that is there but does not start. */
static void try_path(const struct exec_plan *plan, char **env, int *refusal) {
    char file[4096];
    const char *path = find_variable(env, "PATH");
    while (path != NULL) {
        size_t length = strcspn(path, ":");
        int wrote = snprintf(file, sizeof file, "%.*s/%s", (int)length, length == 0 ? "." : path,
                             plan->argv[0]);
        if (wrote > 0 && (size_t)wrote < sizeof file) {
            try_start(file, plan, env);
            if (errno != ENOENT && errno != ENOTDIR) *refusal = errno;
            if (*refusal != 0 && *refusal != EACCES) return;
        }
        path = path[length] == ':' ? path + length + 1 : NULL;
    }
}

static void explain_named(const char *command, struct fault *fault) __attribute__((noreturn));
static void explain_named(const char *command, struct fault *fault) {
    int code = errno;
    if (code == ENOENT && access(command, F_OK) == 0) {
        (void)fail(fault, code, "command %s cannot start: its interpreter is missing in the guest",
                   quote(command).text);
        give_up(fault, NOT_STARTED);
    }
    if (code == ENOENT || code == ENOTDIR) {
        (void)fail(fault, code, "command %s not found in the guest", quote(command).text);
        give_up(fault, NOT_FOUND);
    }
    errno = code;
    (void)fail_errno(fault, "command %s cannot start in the guest", quote(command).text);
    give_up(fault, NOT_STARTED);
}

static void start(const struct exec_plan *plan, char **env, struct fault *fault)
    __attribute__((noreturn));
static void start(const struct exec_plan *plan, char **env, struct fault *fault) {
    const char *command = plan->argv[0];
    int refusal = 0;
    if (strchr(command, '/') != NULL) {
        try_start(command, plan, env);
        explain_named(command, fault);
    }
    if (*command != '\0') try_path(plan, env, &refusal);
    if (refusal != 0) {
        errno = refusal;
        (void)fail_errno(fault, "command %s cannot start in the guest", quote(command).text);
        give_up(fault, NOT_STARTED);
    }
    (void)fail(fault, ENOENT, "command %s not found in the guest's PATH", quote(command).text);
    give_up(fault, NOT_FOUND);
}

void exec_run(void *context) {
    const struct exec_plan *plan = context;
    struct fault fault = {0};
    struct account account;
    if (account_find(plan->user, &account, &fault) != 0) give_up(&fault, NOT_STARTED);
    drop_agent_limits();
    /* The terminal is the user's, or programs like tmux and sudo could not reopen it. */
    if ((plan->flags & EXEC_PTY) != 0) {
        if (fchown(STDIN_FILENO, account.uid, (gid_t)-1) != 0 && geteuid() == 0) {
            (void)fail_errno(&fault, "cannot hand the terminal over");
            give_up(&fault, NOT_STARTED);
        }
    }
    char **env = complete_env(plan, &account);
    if (become(&account, &fault) != 0) give_up(&fault, NOT_STARTED);
    if (enter_folder(plan->folder, &account, &fault) != 0) give_up(&fault, NOT_STARTED);
    start(plan, env, &fault);
}
