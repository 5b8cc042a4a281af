/* SPDX-License-Identifier: Apache-2.0 */
/* attack: TIOCSTI on the terminal of whoever started it, which it has as standard input
 * category: privileges
 * inside: refused, and the terminal is not the payload's controlling one
 * caller: terminal
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "attack.h"

int main(void)
{
    if (!isatty(0)) {
        errno = ENOTTY;
        stopped("no terminal of the caller's");
    }
    if (syscall(SYS_ioctl, 0L, (unsigned long)TIOCSTI, "x") == 0)
        worked("TIOCSTI");
    if (errno == EIO && getenv("STAND_IN"))
        nothing_to_attack("this kernel has TIOCSTI switched off");
    int terminal = open("/dev/tty", O_RDWR);
    if (terminal >= 0 && syscall(SYS_ioctl, terminal, (unsigned long)TIOCSTI, "x") == 0)
        worked("TIOCSTI on /dev/tty");
    stopped("TIOCSTI");
}
