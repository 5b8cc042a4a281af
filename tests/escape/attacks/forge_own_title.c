/* SPDX-License-Identifier: Apache-2.0 */
/* attack: PR_SET_MM moves what /proc shows as command line and program
 * category: privileges
 * inside: the option is refused
 * as: root
 */
#include <sys/prctl.h>

#include "attack.h"

int main(void)
{
    extern char etext;
    if (prctl(PR_SET_MM, PR_SET_MM_START_CODE, (unsigned long)&main & ~4095UL, 0, 0) < 0) {
        if (errno == EPERM && getenv("STAND_IN"))
            nothing_to_attack("root has no CAP_SYS_RESOURCE here");
        stopped("PR_SET_MM");
    }
    (void)etext;
    worked("the map of the process is changed");
}
