/* SPDX-License-Identifier: Apache-2.0 */
/* attack: openat2 makes a setuid program: its mode lies behind a pointer no filter can follow
 * category: files
 * inside: openat2 is not there
 * arguments: {workspace}
 * options: --directory {workspace}
 */
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "attack.h"

int main(int argc, char **argv)
{
    struct open_how how = { .flags = O_CREAT | O_WRONLY, .mode = 04755 };
    struct stat st = { 0 };
    if (argc < 2 || chdir(argv[1]) < 0)
        nothing_to_attack("no workspace");
    if (syscall(SYS_openat2, AT_FDCWD, "setuid", &how, sizeof(how)) < 0)
        stopped("openat2");
    if (stat("setuid", &st) < 0 || !(st.st_mode & S_ISUID))
        stopped("the bit");
    worked("a setuid program");
}
