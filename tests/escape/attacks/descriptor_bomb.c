/* SPDX-License-Identifier: Apache-2.0 */
/* attack: opens five thousand descriptors
 * category: resources
 * limits: open_files=512
 * inside: EMFILE at the policy's number of open files
 */
#include <sys/resource.h>

#include "attack.h"

int main(void)
{
    struct rlimit limit;
    (void)getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    for (int i = 0; i < 5000; i++)
        if (dup(1) < 0)
            stopped("dup");
    worked("five thousand descriptors");
}
