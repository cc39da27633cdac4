#include "jail.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <sys/syscall.h>

/*
 * jail signal PID START_TICKS SIGNAL: says "sent" or "gone" on standard output.
 *
 * A pidfd stays with its process. When the start time is right after it was opened, it is the process meant,
 * and no later reuse of the number can turn the signal to another one.
 */
int signal_process(char **arguments) {
    for (int i = 0; i < 3; i++) {
        if (arguments[i] == NULL) fail("usage: jail signal PID START_TICKS SIGNAL");
    }
    pid_t pid = (pid_t)parse_number(arguments[0], 0x7ffffffe);
    unsigned long ticks = parse_number(arguments[1], ~0UL >> 1);
    int number = (int)parse_number(arguments[2], 31);
    int process = (int)syscall(SYS_pidfd_open, pid, 0);
    if (process < 0 && errno != ESRCH) fail_errno("cannot hold process %d", (int)pid);
    bool sent = process >= 0 && ticks != 0 && start_ticks(pid) == ticks;
    if (sent && syscall(SYS_pidfd_send_signal, process, number, NULL, 0) != 0) {
        if (errno != ESRCH) fail_errno("cannot signal process %d", (int)pid);
        sent = false;
    }
    puts(sent ? "sent" : "gone");
    return 0;
}
