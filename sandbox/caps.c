/* SPDX-License-Identifier: Apache-2.0 */
/* caps.c - every capability gone (capabilities(7)). */
#include "caps.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* An id of 0 means nothing in a box, now and for whatever is executed later. */
#define SECURE_BITS                                                                          \
    (SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |                         \
     SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE | \
     SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED)

int caps_drop_all(void)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct none[2] = { 0 };
    unsigned long cap = 0;
    while (prctl(PR_CAPBSET_DROP, cap) == 0)
        cap++;
    if (errno != EINVAL) /* what the kernel has no more of */
        return -1;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 ||
        prctl(PR_SET_SECUREBITS, SECURE_BITS) < 0)
        return -1;
    return (int)syscall(SYS_capset, &header, none);
}
