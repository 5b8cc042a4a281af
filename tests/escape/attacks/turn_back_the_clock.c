/* SPDX-License-Identifier: Apache-2.0 */
/* attack: arms against the time limit: offsets of its own clocks, all of its timers
 * category: resources
 * inside: limits are measured outside
 * limits: wall=300ms
 * expect: wall
 */
#include <fcntl.h>
#include <sys/time.h>

#include "attack.h"

int main(void)
{
    int fd = open("/proc/self/timens_offsets", O_WRONLY);
    if (fd >= 0)
        (void)!write(fd, "monotonic -1 0\n", 15);
    (void)setitimer(ITIMER_REAL, &(struct itimerval){ 0 }, NULL);
    (void)alarm(0);
    usleep(1500 * 1000);
    worked("1.5 s");
}
