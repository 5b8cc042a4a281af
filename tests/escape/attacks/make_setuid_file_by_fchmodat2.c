/* SPDX-License-Identifier: Apache-2.0 */
/* attack: fchmodat2 sets the setuid bit, where a filter only knows its elders
 * category: files
 * inside: refused with these bits
 * arguments: {workspace}
 * options: --directory {workspace}
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "attack.h"

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

int main(int argc, char **argv)
{
    struct stat st = { 0 };
    if (argc < 2 || chdir(argv[1]) < 0 || creat("setuid", 0755) < 0)
        nothing_to_attack("no workspace");
    long r = syscall(SYS_fchmodat2, AT_FDCWD, "setuid", 04755L, 0L);
    if (r < 0 && errno == ENOSYS && getenv("STAND_IN"))
        nothing_to_attack("this kernel has no fchmodat2");
    if (r < 0)
        stopped("fchmodat2");
    if (stat("setuid", &st) < 0 || !(st.st_mode & S_ISUID))
        stopped("the bit");
    worked("a setuid program");
}
