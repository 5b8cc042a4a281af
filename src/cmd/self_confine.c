/* SPDX-License-Identifier: Apache-2.0 */
/* self_confine.c - the front's own cage: identity, limits, files. */
#include "cmd/self_confine.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ids.h"

/* --- identity ------------------------------------------------------------------- */

/* getpwnam() would load modules that a static program has not, and could ask
 * the network: an account of a service is in the file. */
static int account_by_name(const char *name, struct account *ret, struct error *err)
{
    FILE *file = fopen("/etc/passwd", "re");
    if (!file)
        return fail_host(err, "open /etc/passwd");
    char line[4096];
    struct passwd room, *entry;
    int r;
    while ((r = fgetpwent_r(file, &room, line, sizeof(line), &entry)) == 0 &&
           strcmp(entry->pw_name, name) != 0)
        ;
    if (r == 0)
        *ret = (struct account){ entry->pw_uid, entry->pw_gid };
    (void)fclose(file);
    return r == 0 ? 0 : fail_host_as(err, ENOENT, "account %s is not in /etc/passwd", name);
}

int account_find(const char *text, struct account *ret, struct error *err)
{
    uint32_t slots = text ? 0 : ids_first(IDS_SLOT_FIRST, 1);
    struct account account = { slots ? slots - 1 : 0, slots ? slots - 1 : 0 };
    if (text) {
        char *end = NULL;
        errno = 0;
        unsigned long uid = strtoul(text, &end, 10), gid = uid;
        if (end != text && *end == ':')
            gid = strtoul(end + 1, &end, 10);
        bool number = *text >= '0' && *text <= '9' && *end == '\0';
        if (number && (errno || uid >= UINT32_MAX || gid >= UINT32_MAX))
            return fail_host_as(err, ERANGE, "account %s is out of range", text);
        account = (struct account){ (uid_t)uid, (gid_t)gid };
        int r = number ? 0 : account_by_name(text, &account, err);
        if (r < 0)
            return r;
    }
    if (text && (account.uid == 0 || account.gid == 0))
        return fail_host_as(err, EPERM, "account %s is root's; the front needs one of its own",
                            text);
    *ret = account;
    return 0;
}

int confine_identity(const struct account *account, struct error *err)
{
    if (setgroups(0, NULL) < 0 || setresgid(account->gid, account->gid, account->gid) < 0 ||
        setresuid(account->uid, account->uid, account->uid) < 0)
        return fail_host(err, "become uid %u", account->uid);
    if (setuid(0) == 0)
        return fail_host_as(err, EPERM, "uid %u can become root again", account->uid);
    return 0;
}

bool confine_root(int state)
{
    return fchdir(state) == 0 && chroot(".") == 0;
}

int confine_privileges(struct error *err)
{
    /* A change of identity has dropped them already, unless there was nobody to become. */
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };
    if (syscall(SYS_capset, &header, none) < 0)
        return fail_host(err, "drop capabilities");
    if (prctl(PR_SET_DUMPABLE, !confine_possible(), 0, 0, 0) < 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return fail_host(err, "forgo privileges");
    return 0;
}

/* --- limits --------------------------------------------------------------------- */

#define OPEN_FILES   16384          /* of JOBS_MAX jobs */
#define MEMORY_BYTES (1536UL << 20) /* several of the longest messages at once */
#define FILE_BYTES   (4UL << 30)    /* the longest output a policy is likely to keep */

static const struct {
    rlim_t most;
    __rlimit_resource_t resource;
    bool sanitizers; /* also in a build with them: they start a tracer, and their shadow takes
                      * terabytes */
} limits[] = {
    { 0, RLIMIT_CORE, true },           { 0, RLIMIT_NPROC, false },
    { 0, RLIMIT_MEMLOCK, true },        { OPEN_FILES, RLIMIT_NOFILE, true },
    { FILE_BYTES, RLIMIT_FSIZE, true }, { MEMORY_BYTES, RLIMIT_AS, false },
};

bool confine_possible(void)
{
#if defined(__SANITIZE_ADDRESS__)
    return false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
    return false;
#else
    return true;
#endif
#else
    return true;
#endif
}

size_t confine_files_most(void)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max < OPEN_FILES ? limit.rlim_max
                                                                                : OPEN_FILES;
}

int confine_resources(struct error *err)
{
    for (size_t i = 0; i < COUNT(limits); i++) {
        struct rlimit limit;
        if (!limits[i].sanitizers && !confine_possible())
            continue;
        if (getrlimit(limits[i].resource, &limit) < 0)
            return fail_host(err, "read a resource limit");
        if (limit.rlim_max > limits[i].most)
            limit.rlim_max = limits[i].most;
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(limits[i].resource, &limit) < 0)
            return fail_host(err, "set a resource limit");
    }
    return 0;
}

/* --- files ---------------------------------------------------------------------- */

/* Newer than the headers of the distribution. */
struct ruleset {
    uint64_t files, network, scopes;
};

#define NETWORK_BOTH 3ULL /* bind and connect, since ABI 4 */
#define SCOPE_BOTH   3ULL /* abstract sockets and signals, since ABI 6 */

/* Which rights the ABI knows: the row that is not above it. All bits up to the last one. */
static const struct {
    int abi;
    uint64_t files, network, scopes;
} abis[] = {
    { 6, 0xffff, NETWORK_BOTH, SCOPE_BOTH }, /* truncate since 3, device ioctl since 5 */
    { 5, 0xffff, NETWORK_BOTH, 0 },
    { 4, 0x7fff, NETWORK_BOTH, 0 },
    { 3, 0x7fff, 0, 0 },
    { 2, 0x3fff, 0, 0 },
    { 1, 0x1fff, 0, 0 },
};

/* What a store and a library of files need; no programs, devices or sockets. */
#define STATE_RIGHTS                                                                              \
    (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_DIR | \
     LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |                             \
     LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR | (1ULL << 14)) /* truncate */

int confine_files(int state, struct error *err)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi <= 0)
        return 0;
    size_t row = 0;
    while (abis[row].abi > abi)
        row++;
    const struct ruleset ruleset = { abis[row].files, abis[row].network, abis[row].scopes };
    autoclose int rules = (int)syscall(SYS_landlock_create_ruleset, &ruleset, sizeof(ruleset), 0);
    if (rules < 0)
        return fail_host(err, "make the front's Landlock rules");
    const struct landlock_path_beneath_attr beneath = { .allowed_access =
                                                            STATE_RIGHTS & ruleset.files,
                                                        .parent_fd = state };
    if ((state >= 0 &&
         syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) < 0) ||
        syscall(SYS_landlock_restrict_self, rules, 0) < 0)
        return fail_host(err, "put on the front's Landlock rules");
    return (int)abi;
}
