/*
 * wire TAP NAMESPACE DEVICE
 *
 * Plays the part of a VMM in tests: holds TAP as a VMM does, makes DEVICE in a network namespace that stands for
 * the guest, and carries every frame from one to the other. What goes to the guest is also told on standard
 * output in hexadecimal, a line each; a line on standard input is sent as if the guest had sent that frame.
 */
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <net/if.h>
#include <sys/ioctl.h>

#define TUNSETIFF 0x400454caUL
enum { TAP = 0x0002, NO_PI = 0x1000, LONGEST_FRAME = 65536 };

static void require(int ok, const char *what) {
    if (ok) return;
    perror(what);
    exit(1);
}

static int open_tap(const char *name) {
    struct ifreq request = {.ifr_flags = TAP | NO_PI};
    int fd = open("/dev/net/tun", O_RDWR);
    require(fd >= 0, "/dev/net/tun");
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    require(ioctl(fd, (int)TUNSETIFF, &request) == 0, name);
    return fd;
}

static void enter(const char *namespace) {
    char path[256];
    snprintf(path, sizeof path, "/run/netns/%s", namespace);
    int fd = open(path, O_RDONLY);
    require(fd >= 0, path);
    require(setns(fd, CLONE_NEWNET) == 0, "setns");
    close(fd);
}

static void tell(const unsigned char *frame, ssize_t length) {
    for (ssize_t i = 0; i < length; i++) printf("%02x", frame[i]);
    puts("");
    fflush(stdout);
}

static void send_line(int fd) {
    static char line[2 * LONGEST_FRAME + 2];
    unsigned char frame[LONGEST_FRAME];
    size_t length = 0;
    if (fgets(line, sizeof line, stdin) == NULL) exit(0);
    for (const char *at = line; sscanf(at, "%2hhx", &frame[length]) == 1; at += 2) length++;
    require(write(fd, frame, length) == (ssize_t)length, "send");
}

int main(int count, char **arguments) {
    unsigned char frame[LONGEST_FRAME];
    require(count == 4, "usage: wire TAP NAMESPACE DEVICE");
    int host = open_tap(arguments[1]);
    enter(arguments[2]);
    int guest = open_tap(arguments[3]);
    setvbuf(stdin, NULL, _IONBF, 0);
    puts("ready");
    fflush(stdout);
    struct pollfd fds[] = {{host, POLLIN, 0}, {guest, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
    while (poll(fds, 3, -1) >= 0) {
        ssize_t length;
        if (fds[0].revents != 0 && (length = read(host, frame, sizeof frame)) > 0) {
            tell(frame, length);
            /* The device may be down, as a guest's is before it has booted. */
            if (write(guest, frame, (size_t)length) < 0) continue;
        }
        if (fds[1].revents != 0 && (length = read(guest, frame, sizeof frame)) > 0) {
            if (write(host, frame, (size_t)length) < 0) continue;
        }
        if (fds[2].revents != 0) send_line(host);
    }
    return 0;
}
