/* SPDX-License-Identifier: Apache-2.0 */
/* attack: reads for how long the host has been up, which tells its last update
 * category: side information
 * inside: the box's clocks begin with it
 */
#include <sys/sysinfo.h>
#include <time.h>

#include "attack.h"

int main(void)
{
    struct timespec boot, monotonic;
    struct sysinfo info = { 0 };
    (void)clock_gettime(CLOCK_BOOTTIME, &boot);
    (void)clock_gettime(CLOCK_MONOTONIC, &monotonic);
    (void)sysinfo(&info);
    errno = ETIME;
    if (boot.tv_sec < 60 && monotonic.tv_sec < 60 && info.uptime < 60)
        stopped("it has just been started");
    worked("the host's uptime");
}
