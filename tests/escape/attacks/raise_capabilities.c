/* SPDX-License-Identifier: Apache-2.0 */
/* attack: sets capabilities: permitted, effective, ambient and bounding
 * category: privileges
 * inside: there are none, and none can be had
 * as: root
 */
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "attack.h"

int main(void)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct data[2] = { 0 };
    data[0].effective = data[0].permitted = data[0].inheritable = 1U << CAP_SYS_ADMIN;
    if (syscall(SYS_capset, &header, data) < 0)
        stopped("capset");
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN, 0, 0) < 0)
        stopped("ambient");
    worked("CAP_SYS_ADMIN");
}
