#include "agent/account.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "system/text.h"

static void copy(char *target, size_t capacity, const char *text) {
    (void)snprintf(target, capacity, "%s", text == NULL ? "" : text);
}

/* A uid without an entry is fine, as everywhere; it belongs to group 0 and lives in /. */
static void use_bare_uid(struct account *account, uid_t uid) {
    account->uid = uid;
    account->gid = 0;
    (void)snprintf(account->name, sizeof account->name, "%u", (unsigned)uid);
    copy(account->home, sizeof account->home, uid == 0 ? "/root" : "/");
    copy(account->shell, sizeof account->shell, "/bin/sh");
}

static void use_entry(struct account *account, const struct passwd *entry) {
    account->uid = entry->pw_uid;
    account->gid = entry->pw_gid;
    copy(account->name, sizeof account->name, entry->pw_name);
    copy(account->home, sizeof account->home, entry->pw_dir);
    copy(account->shell, sizeof account->shell, entry->pw_shell);
    if (account->home[0] != '/') copy(account->home, sizeof account->home, "/");
    if (account->shell[0] != '/') copy(account->shell, sizeof account->shell, "/bin/sh");
}

static int find_user(const char *user, struct account *account, struct fault *fault) {
    uint64_t uid;
    const struct passwd *entry;
    if (*user == '\0') user = "0";
    bool is_number = parse_decimal(user, UINT32_MAX - 1, &uid);
    entry = is_number ? getpwuid((uid_t)uid) : getpwnam(user);
    if (entry != NULL) use_entry(account, entry);
    else if (is_number) use_bare_uid(account, (uid_t)uid);
    else return fail(fault, ENOENT, "the guest has no user %s", quote(user).text);
    return 0;
}

static int find_group(const char *group, gid_t *gid, struct fault *fault) {
    uint64_t number;
    if (parse_decimal(group, UINT32_MAX - 1, &number)) {
        *gid = (gid_t)number;
        return 0;
    }
    const struct group *entry = getgrnam(group);
    if (entry == NULL) return fail(fault, ENOENT, "the guest has no group %s", quote(group).text);
    *gid = entry->gr_gid;
    return 0;
}

int account_find(const char *wanted, struct account *account, struct fault *fault) {
    char user[256];
    const char *colon = strchr(wanted, ':');
    size_t length = colon == NULL ? strlen(wanted) : (size_t)(colon - wanted);
    if (length >= sizeof user) return fail(fault, EINVAL, "the user's name is too long");
    memcpy(user, wanted, length);
    user[length] = '\0';
    if (find_user(user, account, fault) != 0) return -1;
    if (colon != NULL) {
        account->groups[0] = 0;
        account->group_count = 1;
        if (find_group(colon + 1, &account->gid, fault) != 0) return -1;
        account->groups[0] = account->gid;
        return 0;
    }
    account->group_count = GROUPS_MAX;
    if (getgrouplist(account->name, account->gid, account->groups, &account->group_count) < 0) {
        return fail(fault, E2BIG, "user %s is in more than %d groups", quote(account->name).text,
                    GROUPS_MAX);
    }
    return 0;
}
