#include "jail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <net/if.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>

/* linux/if_tun.h, which musl's headers do not have. */
enum tun_request { SET_INTERFACE = 0x400454ca, GET_INTERFACE = (int)0x800454d2 };
enum { TAP = 0x0002, NO_PI = 0x1000, VNET_HDR = 0x4000, PERSIST = 0x0800 };

void reserve_descriptors(void) {
    for (int fd = 3; fd < MOST_DESCRIPTORS; fd++) {
        bool open = fcntl(fd, F_GETFD) >= 0;
        if (!open && dup2(STDIN_FILENO, fd) < 0) fail_errno("cannot reserve descriptor %d", fd);
    }
}

static void move_to(int fd, int wanted, const char *what) {
    if (dup2(fd, wanted) < 0) fail_errno("cannot place %s", what);
    close(fd);
}

void join_cgroup(const struct plan *plan) {
    if (plan->cgroup_fd < 0) return;
    if (write(plan->cgroup_fd, "0", 1) != 1) fail_errno("cannot join the control group");
}

/* The libraries disagree on the type of a request; the system call does not. */
static long tun(int fd, enum tun_request request, struct ifreq *interface) {
    return syscall(SYS_ioctl, fd, (unsigned)request, interface);
}

/*
 * Root because: /dev/net/tun belongs to root on many hosts, and a tap without an owner can be attached by root
 * only. TUNSETIFF makes a device that is not there; such a one is not persistent and goes with the descriptor.
 */
static void open_tap(const struct item *tap) {
    struct ifreq request = {.ifr_flags = TAP | NO_PI | VNET_HDR};
    int fd = open("/dev/net/tun", O_RDWR);
    if (fd < 0) fail_errno("cannot open /dev/net/tun");
    if (strlen(tap->text) >= IFNAMSIZ) fail("\"%s\" is too long for a device", tap->text);
    strcpy(request.ifr_name, tap->text);
    if (tun(fd, SET_INTERFACE, &request) != 0) fail_errno("cannot take tap %s", tap->text);
    if (tun(fd, GET_INTERFACE, &request) != 0) fail_errno("cannot look at tap %s", tap->text);
    if ((request.ifr_flags & PERSIST) == 0) fail("there is no tap %s", tap->text);
    move_to(fd, tap->fd, tap->text);
}

void open_taps(const struct plan *plan) {
    for (int i = 0; i < plan->taps.count; i++) open_tap(&plan->taps.at[i]);
}

static void listen_in_folder(const struct plan *plan, const struct item *item) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    /* Through the descriptor, so that neither the folder's length nor a swapped parent matters. */
    int length = snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", plan->folder_fd,
                          item->text);
    if (length >= (int)sizeof address.sun_path) fail("socket name %s is too long", item->text);
    if (unlinkat(plan->folder_fd, item->text, 0) != 0 && errno != ENOENT) {
        fail_errno("cannot remove the old socket %s", item->text);
    }
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0) fail_errno("cannot make a socket");
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0) fail_errno("cannot bind %s", item->text);
    if (listen(fd, 4) != 0) fail_errno("cannot listen on %s", item->text);
    move_to(fd, item->fd, item->text);
}

/*
 * With the file system identity of the folder's owner the kernel checks each access as that owner's: a link
 * that it planted under one of our names leads to nothing it could not open itself, and what is made here is
 * its own from the first moment.
 */
void open_folder_files(const struct plan *plan) {
    struct stat folder;
    if (fstat(plan->folder_fd, &folder) != 0) fail_errno("cannot look at the folder");
    setfsgid(folder.st_gid);
    setfsuid(folder.st_uid);
    if (setfsuid((uid_t)-1) != (int)folder.st_uid) fail("cannot act as the owner of the folder");
    umask(0177);
    const int flags = O_WRONLY | O_CREAT | O_APPEND | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    int log = openat(plan->folder_fd, plan->log, flags, 0600);
    if (log < 0) fail_errno("cannot open %s", plan->log);
    for (int i = 0; i < plan->listens.count; i++) listen_in_folder(plan, &plan->listens.at[i]);
    umask(077);
    setfsuid(0);
    setfsgid(0);
    if (dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0) fail_errno("cannot place the log");
    close(log);
}

/*
 * Not before the lock is held: this launch may be the second one, and the VMM of the first may be about to open
 * the same file as another user.
 */
void grant_binds(const struct plan *plan) {
    for (int i = 0; i < plan->binds.count; i++) {
        const struct item *bind = &plan->binds.at[i];
        struct stat file;
        if (fstat(bind->fd, &file) != 0) fail_errno("cannot look at %s", bind->text);
        if ((file.st_mode & 0004) != 0) continue;
        if (fchown(bind->fd, (uid_t)-1, plan->uid) != 0) fail_errno("cannot give %s to a group", bind->text);
        if (fchmod(bind->fd, 0640) != 0) fail_errno("cannot open %s to its group", bind->text);
    }
}

void close_others(const struct plan *plan) {
    for (int fd = 3; fd < MOST_DESCRIPTORS; fd++) {
        if (!plan->keep[fd]) close(fd);
    }
    if (syscall(SYS_close_range, REPORT_FD + 1, ~0U, 0) != 0) fail_errno("cannot close descriptors");
}
