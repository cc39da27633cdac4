/* Who a command runs as: read from the image's own /etc/passwd and /etc/group. */
#ifndef BANGER_AGENT_ACCOUNT_H
#define BANGER_AGENT_ACCOUNT_H

#include <sys/types.h>

#include "system/fault.h"

#define GROUPS_MAX 256

struct account {
    uid_t uid;
    gid_t gid;
    /* The supplementary groups, `gid` among them. */
    gid_t groups[GROUPS_MAX];
    int group_count;
    char name[256];
    char home[1024];
    char shell[1024];
};

/*
 * `wanted` is empty (root), a user or a uid, each optionally followed by ":" and a group or a gid,
 * as in an OCI image's configuration. An explicit group replaces all of the user's own.
 */
int account_find(const char *wanted, struct account *account, struct fault *fault);

#endif
