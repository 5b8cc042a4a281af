/* SPDX-License-Identifier: Apache-2.0 */
/* attack: counts all threads of the host: sysinfo tells, in whatever namespace
 * category: side information
 * inside: the call is not there, or tells the box's own
 * open: sysinfo tells of the whole host, and libc cannot count memory without it
 */
#include <sys/sysinfo.h>

#include "attack.h"

int main(void)
{
    struct sysinfo info = { 0 };
    if (sysinfo(&info) < 0)
        stopped("sysinfo");
    if (info.procs > 8)
        worked("everybody counts");
    errno = ENODATA;
    stopped("only our own");
}
