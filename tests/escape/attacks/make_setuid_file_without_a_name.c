/* SPDX-License-Identifier: Apache-2.0 */
/* attack: a file without a name is made setuid at birth and then linked into the workspace
 * category: files
 * inside: O_TMPFILE with these bits is refused like O_CREAT
 * arguments: {workspace}
 * options: --directory {workspace}
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "attack.h"

int main(int argc, char **argv)
{
    char path[64];
    struct stat st = { 0 };
    umask(0);
    if (argc < 2 || chdir(argv[1]) < 0)
        nothing_to_attack("no workspace");
    int fd = open(".", O_TMPFILE | O_WRONLY, 04755);
    if (fd < 0)
        stopped("O_TMPFILE");
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (linkat(AT_FDCWD, path, AT_FDCWD, "setuid", AT_SYMLINK_FOLLOW) < 0)
        stopped("linkat");
    if (stat("setuid", &st) < 0 || !(st.st_mode & S_ISUID))
        stopped("the bit");
    worked("a setuid program");
}
