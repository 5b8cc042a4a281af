/* SPDX-License-Identifier: Apache-2.0 */
/* attack: attaches to the process above it with ptrace, to make it do what the payload may not
 * category: supervisor
 * inside: pid 1 cannot be attached to
 */
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "attack.h"

int main(void)
{
    int init = pid_of_init();
    if (ptrace(PTRACE_SEIZE, init, NULL, NULL) < 0 && ptrace(PTRACE_ATTACH, init, NULL, NULL) < 0) {
        FILE *yama = fopen("/proc/sys/kernel/yama/ptrace_scope", "r");
        if (yama && fgetc(yama) != '0')
            nothing_to_attack("yama lets nobody trace a process that is not a child");
        stopped("ptrace");
    }
    worked("the process above is traced");
}
