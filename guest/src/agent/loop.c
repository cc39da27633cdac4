#include "agent/loop.h"

#include <limits.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "system/text.h"

int loop_open(struct loop *loop) {
    *loop = (struct loop){.epoll = epoll_create1(EPOLL_CLOEXEC)};
    return loop->epoll < 0 ? -1 : 0;
}

static struct deadline *soonest(struct loop *loop) {
    struct deadline *found = NULL;
    for (struct deadline *each = loop->deadlines; each != NULL; each = each->next) {
        if (found == NULL || each->at_ns < found->at_ns) found = each;
    }
    return found;
}

/* -1, which is no timeout, when nothing is due. */
static int wait_ms(struct loop *loop) {
    struct deadline *next = soonest(loop);
    if (next == NULL) return -1;
    int64_t left_ms = (next->at_ns - monotonic_ns() + 999999) / 1000000;
    if (left_ms < 0) return 0;
    return left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}

static void run_due(struct loop *loop) {
    struct deadline *next = soonest(loop);
    if (next == NULL || next->at_ns > monotonic_ns()) return;
    deadline_clear(loop, next);
    next->passed(next->owner);
}

void loop_run(struct loop *loop) {
    while (!loop->stopped) {
        struct epoll_event event;
        int count = epoll_wait(loop->epoll, &event, 1, wait_ms(loop));
        if (count == 1) {
            struct watch *watch = event.data.ptr;
            watch->ready(watch->owner, event.events);
        }
        run_due(loop);
    }
}

void loop_stop(struct loop *loop) {
    loop->stopped = true;
}

void watch_set(struct loop *loop, struct watch *watch, uint32_t events) {
    struct epoll_event event = {.events = events, .data = {.ptr = watch}};
    int verb = watch->added ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    watch->added = epoll_ctl(loop->epoll, verb, watch->fd, &event) == 0;
}

void watch_pause(struct loop *loop, struct watch *watch) {
    if (watch->added) epoll_ctl(loop->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
    watch->added = false;
}

void watch_close(struct loop *loop, struct watch *watch) {
    watch_pause(loop, watch);
    close_quietly(&watch->fd);
}

void deadline_set(struct loop *loop, struct deadline *deadline, int64_t after_ms) {
    deadline_clear(loop, deadline);
    deadline->set = true;
    deadline->at_ns = monotonic_ns() + after_ms * 1000000;
    deadline->next = loop->deadlines;
    loop->deadlines = deadline;
}

void deadline_clear(struct loop *loop, struct deadline *deadline) {
    if (!deadline->set) return;
    struct deadline **link = &loop->deadlines;
    while (*link != deadline) link = &(*link)->next;
    *link = deadline->next;
    deadline->set = false;
}
