#include "jail.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <sys/prctl.h>
#include <sys/wait.h>

/* The last word before exec. Failures are text, so it cannot be taken for one. */
static const char READY = '\0';

/* Order matters: what needs root comes first, what needs the host's network before that is left. */
__attribute__((noreturn)) static void become_vmm(const struct plan *plan) {
    char lc_all[] = "LC_ALL=C";
    char *environment[] = {lc_all, NULL};
    leave_groups();
    take_record(plan);
    if (setsid() < 0) fail_errno("cannot start a session");
    join_cgroup(plan);
    open_taps(plan);
    open_folder_files(plan);
    grant_binds(plan);
    /* A launch that hangs is ended through the waiting parent. Changing the user takes this off again. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) fail_errno("cannot follow the parent");
    enter_jail(plan);
    drop_privileges(plan);
    close_others(plan);
    if (write(REPORT_FD, &READY, 1) != 1) fail_errno("cannot report");
    execve(plan->command[0], plan->command, environment);
    fail_errno("cannot run %s", plan->command[0]);
}

/* Everything the child says until it runs the VMM or dies; both close the pipe. */
static size_t read_report(int fd, char *report, size_t size) {
    size_t length = 0;
    ssize_t more;
    while ((more = read(fd, report + length, size - length)) != 0) {
        if (more < 0 && errno != EINTR) fail_errno("cannot read the report");
        if (more > 0) length += (size_t)more;
        if (length == size) break;
    }
    return length;
}

/* Answers when the VMM runs, as a child of init from then on, or with the reason why it does not. */
static int launch(char **arguments) {
    const struct plan plan = parse_plan(arguments);
    int ends[2];
    reserve_descriptors();
    if (pipe2(ends, O_CLOEXEC) != 0) fail_errno("cannot make a pipe");
    pid_t child = fork();
    if (child < 0) fail_errno("cannot fork");
    if (child == 0) {
        if (ends[1] != REPORT_FD && dup3(ends[1], REPORT_FD, O_CLOEXEC) < 0) fail_errno("cannot place the report");
        report_to(REPORT_FD);
        become_vmm(&plan);
    }
    close(ends[1]);
    char report[1024];
    size_t length = read_report(ends[0], report, sizeof report);
    if (length == 1 && report[0] == READY) return 0;
    int status = 0;
    if (waitpid(child, &status, 0) < 0) fail_errno("cannot wait");
    const char *text = length > 0 && report[0] == READY ? report + 1 : report;
    if (write(STDERR_FILENO, text, length - (size_t)(text - report)) < 0) return FAILED;
    return WIFEXITED(status) && WEXITSTATUS(status) != 0 ? WEXITSTATUS(status) : FAILED;
}

int main(int count, char **arguments) {
    if (count > 2 && strcmp(arguments[1], "launch") == 0) return launch(arguments + 2);
    if (count > 2 && strcmp(arguments[1], "signal") == 0) return signal_process(arguments + 2);
    if (count > 2 && strcmp(arguments[1], "locked") == 0) return tell_lock(arguments + 2);
    fail("usage: jail launch OPTIONS -- COMMAND | jail signal PID START_TICKS SIGNAL | jail locked PATH");
}
