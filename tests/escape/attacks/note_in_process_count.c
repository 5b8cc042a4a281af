/* SPDX-License-Identifier: Apache-2.0 */
/* attack: one starts a hundred processes, the other counts all of the host's by sysinfo
 * category: cross-run
 * inside: the call is not there, or tells the box's own
 * parties: together
 * open: sysinfo tells of the whole host, and libc cannot count memory without it
 */
#include <sys/sysinfo.h>

#include "attack.h"

static _Noreturn void sent_child(void)
{
    sleep(5);
    _exit(0);
}

int main(int argc, char **argv)
{
    if (sending(argc, argv)) {
        for (int i = 0; i < 100; i++)
            if (fork() == 0)
                sent_child();
        sent();
    }
    struct sysinfo info = { 0 };
    if (sysinfo(&info) < 0)
        stopped("sysinfo");
    if (info.procs < 100)
        stopped("only our own");
    worked("a hundred are there");
}
