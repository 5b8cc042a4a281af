/* SPDX-License-Identifier: Apache-2.0 */
/* landlock.h - a second opinion on the file system (landlock(7)).
 *
 * The box's mounts already decide what there is; Landlock says once more what
 * may be written, and that neither signals nor abstract sockets leave the box.
 */
#pragma once

/* The kernel's ABI, 0 where there is none. */
int landlock_abi(void);

enum landlock_right {
    LANDLOCK_READ,   /* read, list, execute */
    LANDLOCK_WRITE,  /* everything but making device nodes */
    LANDLOCK_DEVICE, /* read, write and ioctl what is there */
};

struct landlock_rule {
    const char *path; /* inside the box */
    enum landlock_right right;
};

/* In the child, inside the new root: 0, or -1 with errno. `abi` as landlock_abi() said. */
int landlock_apply(int abi, const struct landlock_rule *rules, unsigned count);
