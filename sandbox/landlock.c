/* SPDX-License-Identifier: Apache-2.0 */
/* landlock.c - rules -> ruleset, with the best ABI the kernel has. */
#include "landlock.h"

#include "kernel.h"

/* linux/landlock.h of the build machine may be older than the kernel. */
enum {
    FS_EXECUTE = 1 << 0,
    FS_WRITE_FILE = 1 << 1,
    FS_READ_FILE = 1 << 2,
    FS_READ_DIR = 1 << 3,
    FS_MAKE_CHAR = 1 << 6,
    FS_MAKE_BLOCK = 1 << 11,
    FS_REFER = 1 << 13,
    FS_TRUNCATE = 1 << 14,
    FS_IOCTL_DEV = 1 << 15,
    FS_ABI_1 = (1 << 13) - 1,
    SCOPE_ABSTRACT_SOCKET = 1 << 0,
    SCOPE_SIGNAL = 1 << 1,
};

/* What each ABI added (landlock(7), "VERSIONS"). */
static uint64_t handled_by(int abi)
{
    return (uint64_t)FS_ABI_1 | (abi >= 2 ? FS_REFER : 0) | (abi >= 3 ? FS_TRUNCATE : 0) |
           (abi >= 5 ? FS_IOCTL_DEV : 0);
}

static const uint64_t rights[] = {
    [LANDLOCK_READ] = FS_EXECUTE | FS_READ_FILE | FS_READ_DIR,
    [LANDLOCK_WRITE] = ~(uint64_t)(FS_MAKE_CHAR | FS_MAKE_BLOCK),
    [LANDLOCK_DEVICE] = FS_READ_FILE | FS_READ_DIR | FS_WRITE_FILE | FS_TRUNCATE | FS_IOCTL_DEV,
};

/* Rights that make sense on a file; the kernel refuses the others there. */
#define FILE_RIGHTS (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV)

int landlock_abi(void)
{
    int abi = kernel_landlock_create(NULL, 0, 1 /* LANDLOCK_CREATE_RULESET_VERSION */);
    return abi < 0 ? 0 : abi;
}

static int add_rule(int ruleset, uint64_t handled, const struct landlock_rule *rule)
{
    int at = open(rule->path, O_PATH | O_CLOEXEC);
    if (at < 0)
        return -1;
    struct kernel_landlock_beneath beneath = { .allowed = rights[rule->right] & handled,
                                               .parent = at };
    int r = kernel_landlock_add(ruleset, &beneath);
    if (r < 0 && errno == EINVAL) {
        beneath.allowed &= FILE_RIGHTS;
        r = kernel_landlock_add(ruleset, &beneath);
    }
    close(at);
    return r;
}

int landlock_apply(int abi, const struct landlock_rule *rules, unsigned count)
{
    if (abi == 0)
        return 0;
    uint64_t handled = handled_by(abi);
    struct kernel_landlock_ruleset attributes = {
        .handled_fs = handled,
        .scoped = abi >= 6 ? SCOPE_ABSTRACT_SOCKET | SCOPE_SIGNAL : 0,
    };
    /* Older kernels know a shorter struct and accept a longer one only if the rest is zero. */
    int ruleset = kernel_landlock_create(&attributes, sizeof(attributes), 0);
    if (ruleset < 0)
        return -1;
    for (unsigned i = 0; i < count; i++) {
        if (add_rule(ruleset, handled, &rules[i]) < 0) {
            close(ruleset);
            return -1;
        }
    }
    int r = kernel_landlock_restrict(ruleset);
    close(ruleset);
    return r;
}
