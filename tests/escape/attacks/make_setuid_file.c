/* SPDX-License-Identifier: Apache-2.0 */
/* attack: leaves a setuid or setgid program in the workspace, for somebody outside to run
 * category: files
 * inside: every call that can set the bits refuses them; the mount's nosuid would not help
 * arguments: {workspace}
 * options: --directory {workspace}
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attack.h"

static void look(const char *name)
{
    struct stat st = { 0 };
    (void)stat(name, &st);
    unlink(name);
    if (st.st_mode & (S_ISUID | S_ISGID))
        worked(name);
}

int main(int argc, char **argv)
{
    if (argc < 2 || chdir(argv[1]) < 0)
        nothing_to_attack("no workspace");
    umask(0);

    int fd = open("by_open", O_CREAT | O_WRONLY, 04755);
    look("by_open");
    fd = openat(AT_FDCWD, "by_openat", O_CREAT | O_WRONLY, 02755);
    look("by_openat");
    fd = creat("by_creat", 04755);
    look("by_creat");
    (void)mknod("by_mknod", S_IFREG | 04755, 0);
    look("by_mknod");

    fd = open("by_chmod", O_CREAT | O_RDWR, 0755);
    if (fd < 0)
        nothing_to_attack("no file can be made in the workspace");
    (void)chmod("by_chmod", 04755);
    (void)fchmod(fd, 06755);
    (void)fchmodat(AT_FDCWD, "by_chmod", 02755, 0);
    look("by_chmod");

    errno = EPERM;
    stopped("no file has got the bits");
}
