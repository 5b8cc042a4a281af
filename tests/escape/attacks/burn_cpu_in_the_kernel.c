/* SPDX-License-Identifier: Apache-2.0 */
/* attack: a second of system time, where 300 ms are allowed
 * category: resources
 * inside: the kernel's work for the tree counts as well
 * limits: cpu=300ms
 * expect: cpu
 */
#include <sys/random.h>
#include <sys/resource.h>

#include "attack.h"

int main(void)
{
    static char room[1 << 20];
    struct rusage usage;
    do {
        for (int i = 0; i < 20; i++)
            if (getrandom(room, sizeof(room), 0) < 0)
                nothing_to_attack("no random numbers");
        (void)getrusage(RUSAGE_SELF, &usage);
    } while (usage.ru_stime.tv_sec < 1);
    worked("1 s of system time");
}
