/* SPDX-License-Identifier: Apache-2.0 */
/* attack: runs a 32-bit program, whose system calls have other numbers
 * category: system calls
 * inside: the first of its calls is refused or kills it
 */
#include <fcntl.h>
#include <sys/wait.h>

#include "attack.h"

/* ELF32: mov $20,%eax (getpid); int $0x80; and ends with 0 if that gave something positive. */
static const unsigned char program[] = {
    0x7f, 'E', 'L', 'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 3, 0, 1, 0, 0, 0, 0x54, 0x80, 4,
    8, 0x34, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x34, 0, 0x20, 0, 1, 0, 0x28, 0, 0, 0, 0, 0,
    /* one segment: the whole file at 0x08048000, readable and executable */
    1, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 4, 8, 0, 0x80, 4, 8, 0x70, 0, 0, 0, 0x70, 0, 0, 0, 5, 0, 0, 0,
    0, 0x10, 0, 0,
    /* code */
    0xb8, 20, 0, 0, 0, 0xcd, 0x80, 0x31, 0xdb, 0x85, 0xc0, 0x7f, 0x02, 0xb3, 1, 0xb8, 1, 0, 0, 0,
    0xcd, 0x80, 0x0f, 0x0b, 0, 0, 0, 0
};

int main(void)
{
#ifndef __x86_64__
    nothing_to_attack("only x86-64 runs these");
#endif
    int fd = open("/tmp/foreign", O_CREAT | O_WRONLY | O_CLOEXEC, 0755);
    if (fd < 0 || write(fd, program, sizeof(program)) != sizeof(program) || close(fd) < 0)
        nothing_to_attack("nowhere to put it");
    pid_t child = fork();
    if (child < 0)
        nothing_to_attack("no child to run it in");
    if (child == 0) {
        (void)execl("/tmp/foreign", "foreign", (char *)NULL);
        _exit(126);
    }
    int status = 0;
    (void)waitpid(child, &status, 0);
    (void)unlink("/tmp/foreign");
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        worked("a 32-bit program");
    errno = ENOEXEC;
    stopped("it did not get its answer");
}
