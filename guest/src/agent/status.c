#include "agent/status.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "system/text.h"

#define KIND_FAILURE 'F'
#define KIND_RESULT 'R'

void status_fail(const struct fault *fault) {
    uint8_t bytes[1 + 2 + 1 + 4 + sizeof fault->message];
    struct writer record = write_into(bytes, sizeof bytes);
    put_u8(&record, KIND_FAILURE);
    put_u16(&record, (uint16_t)fault->code);
    put_u8(&record, fault->exit_status);
    put_text(&record, fault->message);
    if (write_fully(STATUS_FD, bytes, written(&record)) != 0) _exit(1);
    _exit(fault->exit_status != 0 ? fault->exit_status : 1);
}

void status_succeed(const struct writer *result) {
    uint8_t kind = KIND_RESULT;
    if (write_fully(STATUS_FD, &kind, 1) != 0) _exit(1);
    if (write_fully(STATUS_FD, result->start, written(result)) != 0) _exit(1);
    _exit(0);
}

void status_close(struct status *status) {
    if (status->watch.fd >= 0) watch_close(status->loop, &status->watch);
}

static void readable(void *owner, uint32_t events) {
    struct status *status = owner;
    (void)events;
    ssize_t got = read(status->watch.fd, status->bytes + status->fill, STATUS_MAX - status->fill);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got > 0) {
        status->fill += (size_t)got;
        return;
    }
    status->complete = true;
    status_close(status);
    status->completed(status->owner);
}

void status_open(struct status *status, struct loop *loop, int fd) {
    status->watch = (struct watch){.fd = fd, .ready = readable, .owner = status};
    status->loop = loop;
    status->complete = false;
    status->fill = 0;
    watch_set(loop, &status->watch, EPOLLIN);
}

bool status_is_failure(const struct status *status, struct fault *fault) {
    if (status->fill == 0 || status->bytes[0] != KIND_FAILURE) return false;
    struct reader record = read_from(status->bytes + 1, status->fill - 1);
    fault->code = take_u16(&record);
    fault->exit_status = take_u8(&record);
    take_text(&record, fault->message, sizeof fault->message);
    return true;
}

struct reader status_result(const struct status *status) {
    if (status->fill == 0 || status->bytes[0] != KIND_RESULT) return read_from(status->bytes, 0);
    return read_from(status->bytes + 1, status->fill - 1);
}
