#include "agent/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include "system/text.h"

#define PIPE_BYTES 262144

/* Both sides of everything between parent and child; [0] is read from, [1] written to. */
struct plumbing {
    int input[2];
    int output[2];
    int errors[2];
    int status[2];
    int terminal;
};

static void close_pair(int pair[2]) {
    close_quietly(&pair[0]);
    close_quietly(&pair[1]);
}

static void close_plumbing(struct plumbing *plumbing) {
    close_pair(plumbing->input);
    close_pair(plumbing->output);
    close_pair(plumbing->errors);
    close_pair(plumbing->status);
    close_quietly(&plumbing->terminal);
}

/* The parent's own side must not block; the child's side is another open file and still does. */
static int make_pipe(int pair[2], int parent_side) {
    if (pipe2(pair, O_CLOEXEC) != 0) return -1;
    /* Fewer turns between writer and reader; if it is refused, the usual size does too. */
    (void)fcntl(pair[parent_side], F_SETPIPE_SZ, PIPE_BYTES);
    return fcntl(pair[parent_side], F_SETFL, O_NONBLOCK);
}

static int open_terminal(struct plumbing *plumbing, const struct launch *launch) {
    struct winsize size = {.ws_row = launch->rows, .ws_col = launch->columns};
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (master < 0) return -1;
    plumbing->output[0] = master;
    if (grantpt(master) != 0 || unlockpt(master) != 0) return -1;
    const char *name = ptsname(master);
    if (name == NULL) return -1;
    plumbing->terminal = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (plumbing->terminal < 0) return -1;
    ioctl(master, TIOCSWINSZ, &size);
    /* One more descriptor, so that each direction can be watched and closed by itself. */
    plumbing->input[1] = fcntl(master, F_DUPFD_CLOEXEC, 3);
    return plumbing->input[1] < 0 ? -1 : 0;
}

static int open_pipes(struct plumbing *plumbing, const struct launch *launch) {
    if (launch->wants_stdin) {
        if (make_pipe(plumbing->input, 1) != 0) return -1;
    } else {
        plumbing->input[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (plumbing->input[0] < 0) return -1;
    }
    if (make_pipe(plumbing->output, 0) != 0) return -1;
    return launch->is_task ? 0 : make_pipe(plumbing->errors, 0);
}

static int open_plumbing(struct plumbing *plumbing, const struct launch *launch) {
    *plumbing = (struct plumbing){{-1, -1}, {-1, -1}, {-1, -1}, {-1, -1}, -1};
    if (make_pipe(plumbing->status, 0) != 0) return -1;
    return launch->wants_pty ? open_terminal(plumbing, launch) : open_pipes(plumbing, launch);
}

static void reset_signals(void) {
    sigset_t none;
    for (int number = 1; number < NSIG; number++) {
        if (number != SIGKILL && number != SIGSTOP) signal(number, SIG_DFL);
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The child's descriptors are all close-on-exec; the copies at 0, 1 and 2 are not. */
static int place(const struct plumbing *plumbing, const struct launch *launch) {
    bool pty = launch->wants_pty;
    if (dup2(pty ? plumbing->terminal : plumbing->input[0], STDIN_FILENO) < 0) return -1;
    if (dup2(pty ? plumbing->terminal : plumbing->output[1], STDOUT_FILENO) < 0) return -1;
    if (launch->is_task) return 0;
    return dup2(pty ? plumbing->terminal : plumbing->errors[1], STDERR_FILENO) < 0 ? -1 : 0;
}

/*
 * Everything but the standard descriptors and `status`, which becomes descriptor 3. A child that
 * does not exec would otherwise hold the pipes of other commands open, and they would never end.
 */
static void close_others(int status) {
    const int kept = STDERR_FILENO + 1;
    if (status != kept && dup3(status, kept, O_CLOEXEC) < 0) _exit(126);
#ifdef SYS_close_range
    if (syscall(SYS_close_range, (unsigned)kept + 1, ~0U, 0) == 0) return;
#endif
    /* Kernels before 5.9. */
    for (int fd = kept + 1; fd < DESCRIPTORS_MAX; fd++) close(fd);
}

static void become_child(struct plumbing *plumbing, const struct launch *launch)
    __attribute__((noreturn));
static void become_child(struct plumbing *plumbing, const struct launch *launch) {
    reset_signals();
    setsid();
    if (place(plumbing, launch) != 0) _exit(126);
    if (launch->wants_pty) ioctl(STDIN_FILENO, TIOCSCTTY, 0);
    close_others(plumbing->status[1]);
    launch->run(launch->context);
}

int launch_child(const struct launch *launch, struct launched *launched, struct fault *fault) {
    struct plumbing plumbing;
    if (open_plumbing(&plumbing, launch) != 0) {
        (void)fail_errno(fault, launch->wants_pty ? "cannot make a terminal" : "cannot make pipes");
        close_plumbing(&plumbing);
        return -1;
    }
    pid_t pid = fork();
    if (pid == 0) become_child(&plumbing, launch);
    if (pid < 0) {
        (void)fail_errno(fault, "cannot start a process");
        close_plumbing(&plumbing);
        return -1;
    }
    close_quietly(&plumbing.input[0]);
    close_quietly(&plumbing.output[1]);
    close_quietly(&plumbing.errors[1]);
    close_quietly(&plumbing.status[1]);
    close_quietly(&plumbing.terminal);
    *launched = (struct launched){.pid = pid, .input = plumbing.input[1],
                                  .output = plumbing.output[0], .errors = plumbing.errors[0],
                                  .status = plumbing.status[0]};
    return 0;
}
