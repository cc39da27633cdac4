/*
 * The few kernel interfaces that the C library has no header for. They are written down here, not
 * included from <linux/...>, so that musl-gcc needs no kernel headers on the build machine.
 */
#ifndef BANGER_SYSTEM_ABI_H
#define BANGER_SYSTEM_ABI_H

#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* fs/ext4/ext4.h: grows a mounted file system; the argument is its new size in its own blocks. */
#define EXT4_IOC_RESIZE_FS _IOW('f', 16, uint64_t)

/* The two C libraries disagree on the type of a request's number. */
#ifdef __GLIBC__
typedef unsigned long ioctl_number;
#else
typedef int ioctl_number;
#endif

/* include/uapi/linux/fs.h BLKGETSIZE64: the number says size_t, what is written is a u64 of bytes. */
#define GET_DISK_BYTES ((ioctl_number)_IOR(0x12, 114, size_t))

/* include/uapi/linux/random.h */
#define RNDADDENTROPY _IOW('R', 0x03, int[2])
#define RNDRESEEDCRNG _IO('R', 0x07)
struct entropy_pool {
    int entropy_bits;
    int size_bytes;
    uint8_t bytes[512];
};

/* include/uapi/linux/vm_sockets.h */
#ifndef AF_VSOCK
#define AF_VSOCK 40
#endif
#define VSOCK_CID_ANY UINT32_MAX
struct vsock_address {
    sa_family_t family;
    uint16_t reserved;
    uint32_t port;
    uint32_t cid;
    uint8_t zero[4];
};

/* include/uapi/linux/netlink.h */
#define UEVENT_PROTOCOL 15
#define UEVENT_GROUP_KERNEL 1
struct netlink_address {
    sa_family_t family;
    uint16_t pad;
    uint32_t port;
    uint32_t groups;
};

/*
 * systemd(1), "SIGNALS": SIGRTMIN+3 halts, +4 powers off, +5 reboots. What SIGRTMIN is depends on the
 * C library: systemd's is glibc, which keeps two signals to itself; musl keeps three.
 */
#define SIGNAL_HALT (34 + 3)
#define SIGNAL_POWER_OFF (34 + 4)
#define SIGNAL_REBOOT (34 + 5)

#endif
