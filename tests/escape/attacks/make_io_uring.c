/* SPDX-License-Identifier: Apache-2.0 */
/* attack: opens files and sockets through io_uring, behind the back of a system call filter
 * category: system calls
 * inside: io_uring_setup is not there
 */
#include <linux/io_uring.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attack.h"

int main(void)
{
    struct io_uring_params params = { 0 };
    if (syscall(SYS_io_uring_setup, 4, &params) >= 0)
        worked("io_uring_setup");
    FILE *disabled = fopen("/proc/sys/kernel/io_uring_disabled", "r");
    if (disabled && fgetc(disabled) != '0')
        nothing_to_attack("this host has io_uring switched off");
    stopped("io_uring_setup");
}
