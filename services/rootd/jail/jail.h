/*
 * The jail program: what Node has no system calls for. rootd runs it as root, for three things:
 *
 *   jail launch ...   starts a VMM that can touch nothing but the descriptors it was given
 *   jail signal ...   signals one process and no other, even when process ids are reused
 *   jail locked ...   tells whether a VMM, or the launch of one, holds the lock of its record
 *
 * It is no set-uid program and trusts its arguments: whoever can run it as root is root already. What it
 * does not trust is what lies in the folder of a VM, because an unprivileged service writes there.
 */
#ifndef JAIL_H
#define JAIL_H

#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

/* Exit statuses that rootd tells apart. */
enum { FAILED = 1, LOCK_HELD = 75, UID_TAKEN = 76 };

/* REPORT_FD: where failures are told until exec closes it. */
enum { MOST_DESCRIPTORS = 64, REPORT_FD = MOST_DESCRIPTORS, MOST_ITEMS = 16 };

/* Something of a name or place that is reached through, or becomes, an open descriptor. */
struct item {
    int fd;
    const char *text;
};

struct items {
    int count;
    struct item at[MOST_ITEMS];
};

/* All that a launch is told; see plan.c for the options. */
struct plan {
    int lock_fd;
    int record_fd;
    int cgroup_fd;
    int folder_fd;
    uid_t uid;
    rlim_t largest_file;
    rlim_t most_tasks;
    const char *root;
    const char *log;
    struct items taps;
    struct items listens;
    struct items binds;
    struct items systems;
    struct items devices;
    bool keep[MOST_DESCRIPTORS];
    char **command;
};

struct plan parse_plan(char **arguments);
unsigned long parse_number(const char *text, unsigned long most);

/* Leaves the groups that rootd was started with. */
void leave_groups(void);
/* Takes the VM's lock, which the VMM then holds for as long as it lives, and writes who this process is. */
void take_record(const struct plan *plan);
/* Adds which jail it is in; all of it stays true through exec. */
void complete_record(const struct plan *plan);
/* Start time of a process in clock ticks since boot; 0 when there is no such process. */
unsigned long long start_ticks(pid_t pid);

/* Occupies the numbers that the plan gives out, so that nothing opened on the way lands on one. */
void reserve_descriptors(void);
void join_cgroup(const struct plan *plan);
void open_taps(const struct plan *plan);
/* Opens the log and binds the sockets as the owner of the VM's folder, never as root. */
void open_folder_files(const struct plan *plan);
/* Opens what is bound into the jail to the VMM's group, where it is not everybody's. */
void grant_binds(const struct plan *plan);
void close_others(const struct plan *plan);

/* Leaves the host's file system, network and IPC for a root that holds only what the plan names. */
void enter_jail(const struct plan *plan);
/* Gives up every privilege for good, and makes sure that it worked. */
void drop_privileges(const struct plan *plan);

int signal_process(char **arguments);
int tell_lock(char **arguments);

/* From now on failures are told there instead of on standard error. */
void report_to(int fd);
/* Both end the process with FAILED; the second adds errno's meaning. */
__attribute__((noreturn, format(printf, 1, 2))) void fail(const char *format, ...);
__attribute__((noreturn, format(printf, 1, 2))) void fail_errno(const char *format, ...);

#endif
