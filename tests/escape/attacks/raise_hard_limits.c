/* SPDX-License-Identifier: Apache-2.0 */
/* attack: raises hard limits: open files, memory locked, processes, size of files
 * category: privileges
 * inside: hard limits stay as they are
 * as: root
 */
#include <sys/resource.h>

#include "attack.h"

int main(void)
{
    static const int limits[] = { RLIMIT_NOFILE, RLIMIT_NPROC, RLIMIT_MEMLOCK, RLIMIT_FSIZE,
                                  RLIMIT_CORE,   RLIMIT_NICE,  RLIMIT_RTPRIO };
    struct rlimit now;
    for (size_t i = 0; i < COUNT(limits); i++) {
        /* Outside some may be boundless already: those are no barrier to try. */
        (void)getrlimit((__rlimit_resource_t)limits[i], &now);
        if (now.rlim_max == RLIM_INFINITY)
            continue;
        now.rlim_max++;
        if (setrlimit((__rlimit_resource_t)limits[i], &now) == 0)
            worked("a hard limit is raised");
    }
    if (getenv("STAND_IN"))
        nothing_to_attack("root has no CAP_SYS_RESOURCE here");
    stopped("setrlimit");
}
