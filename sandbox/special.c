/* SPDX-License-Identifier: Apache-2.0 */
/* special.c - file systems that each box has of its own: what they are made of. */
#include "special.h"

#include <errno.h>
#include <unistd.h>

#include "kernel.h"

int special_make(const char *type, const char *const (*options)[2], unsigned attributes)
{
    int fs = kernel_fsopen(type);
    if (fs < 0)
        return -errno;
    int r = 0;
    for (; r == 0 && (*options)[0]; options++)
        r = kernel_fsconfig(fs, (*options)[1] ? KERNEL_FSCONFIG_STRING : KERNEL_FSCONFIG_FLAG,
                            (*options)[0], (*options)[1]);
    if (r == 0)
        r = kernel_fsconfig(fs, KERNEL_FSCONFIG_CREATE, NULL, NULL);
    if (r == 0)
        r = kernel_fsmount(fs, attributes);
    r = r < 0 ? -errno : r;
    close(fs);
    return r;
}

/* Any mount over a part of /proc breaks nesting; subset=pid needs none. A full one
 * goes without the first. */
const char *const special_proc[][2] = { { "subset", "pid" },
                                        { "hidepid", "ptraceable" },
                                        { NULL, NULL } };
const char *const special_pts[][2] = {
    { "newinstance", NULL },
    { "ptmxmode", "0666" },
    { "mode", "0620" },
    { "max",
      "64" }, /* of all terminals the host has (4096), so that no box takes them from others */
    { NULL, NULL }
};
