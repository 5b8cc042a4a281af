/* SPDX-License-Identifier: Apache-2.0 */
/* attack: TIOCSETD loads a line discipline, and with it a module, into the kernel
 * category: system calls
 * inside: refused
 */
#include <fcntl.h>
#include <sys/ioctl.h>

#include "attack.h"

int main(void)
{
    int discipline = 2, terminal = posix_openpt(O_RDWR | O_NOCTTY);
    if (terminal < 0)
        nothing_to_attack("no terminal to try it on");
    if (ioctl(terminal, TIOCSETD, &discipline) < 0)
        discipline = 0;
    int plain = 0;
    if (!discipline && ioctl(terminal, TIOCSETD, &plain) < 0)
        stopped("TIOCSETD");
    worked("a line discipline");
}
