#include "agent/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "system/abi.h"

static void answer(struct stream *stream, int outcome, const struct fault *fault) {
    if (outcome == 0) stream_result(stream, NULL);
    else stream_error(stream, fault);
}

static int set_clock(struct reader *fields, struct fault *fault) {
    struct timespec now = {.tv_sec = (time_t)take_u64(fields)};
    now.tv_nsec = (long)take_u32(fields);
    if (!taken_whole(fields)) return fail(fault, EINVAL, "the request is malformed");
    if (clock_settime(CLOCK_REALTIME, &now) == 0) return 0;
    return fail_errno(fault, "cannot set the guest's clock");
}

void open_set_clock(struct agent *agent, struct stream *stream, struct reader *fields) {
    struct fault fault = {0};
    (void)agent;
    answer(stream, set_clock(fields, &fault), &fault);
}

/* Reseeding at once matters after a restore: two guests of one snapshot must part company. */
static int add_entropy(struct reader *fields, struct fault *fault) {
    struct entropy_pool pool = {0};
    size_t length = 0;
    const uint8_t *bytes = take_bytes(fields, &length);
    if (!taken_whole(fields) || length == 0 || length > sizeof pool.bytes) {
        return fail(fault, EINVAL, "1 to %zu bytes of entropy can be added", sizeof pool.bytes);
    }
    memcpy(pool.bytes, bytes, length);
    pool.size_bytes = (int)length;
    pool.entropy_bits = (int)length * 8;
    int fd = open("/dev/urandom", O_RDWR | O_CLOEXEC);
    if (fd < 0) return fail_errno(fault, "cannot open the random device");
    int outcome = 0;
    if (ioctl(fd, RNDADDENTROPY, &pool) != 0 || ioctl(fd, RNDRESEEDCRNG) != 0) {
        outcome = fail_errno(fault, "cannot add entropy");
    }
    close(fd);
    return outcome;
}

void open_add_entropy(struct agent *agent, struct stream *stream, struct reader *fields) {
    struct fault fault = {0};
    (void)agent;
    answer(stream, add_entropy(fields, &fault), &fault);
}
