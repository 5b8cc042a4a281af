/* SPDX-License-Identifier: Apache-2.0 */
/* attack: fanotify watches, and with more rights decides on, every open of a file system
 * category: system calls
 * inside: the call is not there
 */
#include <sys/fanotify.h>

#include "attack.h"

int main(void)
{
    int fd = fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_FID, 0);
    if (fd < 0)
        stopped("fanotify_init");
    worked("a watch");
}
