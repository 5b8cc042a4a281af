/* SPDX-License-Identifier: Apache-2.0 */
/* attack: a setgid directory in the workspace: what anybody makes in it gets its group
 * category: files
 * inside: every call that can set the bit refuses it
 * arguments: {workspace}
 * options: --directory {workspace}
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "attack.h"

int main(int argc, char **argv)
{
    struct stat st = { 0 };
    umask(0);
    if (argc < 2 || chdir(argv[1]) < 0 || mkdir("plain", 0777) < 0)
        nothing_to_attack("no workspace");
    (void)mkdir("made", 02777);
    (void)mkdirat(AT_FDCWD, "made_at", 02777);
    (void)chmod("plain", 02777);
    static const char *const names[] = { "plain", "made", "made_at" };
    for (size_t i = 0; i < COUNT(names); i++)
        if (stat(names[i], &st) == 0 && st.st_mode & S_ISGID)
            worked(names[i]);
    errno = EPERM;
    stopped("no directory has got the bit");
}
