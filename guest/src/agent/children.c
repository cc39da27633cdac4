#include "agent/children.h"

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

static void report_end(struct children *children, pid_t pid, int status) {
    for (struct child **link = &children->first; *link != NULL; link = &(*link)->next) {
        struct child *child = *link;
        if (child->pid != pid) continue;
        *link = child->next;
        child->pid = 0;
        child->status = status;
        child->ended(child->owner);
        return;
    }
}

static void reap(void *owner, uint32_t events) {
    struct children *children = owner;
    struct signalfd_siginfo info[8];
    int status;
    pid_t pid;
    (void)events;
    /* Signals of one kind merge, so their number says nothing: everyone who has ended is reaped. */
    if (read(children->signals.fd, info, sizeof info) < 0) return;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) report_end(children, pid, status);
}

int children_open(struct children *children, struct loop *loop) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0) return -1;
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0) return -1;
    *children = (struct children){.signals = {.fd = fd, .ready = reap, .owner = children}};
    watch_set(loop, &children->signals, EPOLLIN);
    return 0;
}

void children_add(struct children *children, struct child *child) {
    child->next = children->first;
    children->first = child;
}
