/* SPDX-License-Identifier: Apache-2.0 */
/* caps.c - every capability gone (capabilities(7)). */
#include "caps.h"

#include <linux/securebits.h>
#include <sys/capability.h>
#include <sys/prctl.h>

/* An id of 0 means nothing in a box, now and for whatever is executed later. */
#define SECURE_BITS                                                                          \
    (SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |                         \
     SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE | \
     SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED)

int caps_drop_all(void)
{
    for (cap_value_t cap = 0; cap < cap_max_bits(); cap++)
        if (cap_drop_bound(cap) < 0)
            return -1;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 ||
        prctl(PR_SET_SECUREBITS, SECURE_BITS) < 0)
        return -1;
    cap_t none = cap_init();
    int r = none ? cap_set_proc(none) : -1;
    (void)cap_free(none);
    return r;
}
