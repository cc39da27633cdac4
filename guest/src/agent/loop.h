/*
 * The agent's one event loop. It sleeps in epoll_wait without a timeout unless a deadline is set, so
 * an idle guest costs no CPU. One event is taken at a time: a handler may free any watch, its own
 * too, and the kernel's ready list is served round robin.
 */
#ifndef BANGER_AGENT_LOOP_H
#define BANGER_AGENT_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct watch {
    int fd;
    bool added;
    void (*ready)(void *owner, uint32_t events);
    void *owner;
};

struct deadline {
    bool set;
    int64_t at_ns;
    void (*passed)(void *owner);
    void *owner;
    struct deadline *next;
};

struct loop {
    int epoll;
    bool stopped;
    struct deadline *deadlines;
};

int loop_open(struct loop *loop);
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/*
 * Sets which events are wanted, EPOLLET included. With 0 the kernel still reports errors and
 * hang-ups; a watch that must be silent is paused. Setting the same events again reports at once
 * what is ready, also with EPOLLET.
 */
void watch_set(struct loop *loop, struct watch *watch, uint32_t events);
void watch_pause(struct loop *loop, struct watch *watch);
/* Pauses and closes. */
void watch_close(struct loop *loop, struct watch *watch);

void deadline_set(struct loop *loop, struct deadline *deadline, int64_t after_ms);
void deadline_clear(struct loop *loop, struct deadline *deadline);

#endif
