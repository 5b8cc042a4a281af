/* SPDX-License-Identifier: Apache-2.0 */
/* attack: makes a file in the workspace belong to somebody else, root above all
 * category: files
 * inside: refused: no capability, and no other id is mapped
 * as: root
 * arguments: {workspace}
 * options: --directory {workspace}
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "attack.h"

int main(int argc, char **argv)
{
    if (argc < 2 || chdir(argv[1]) < 0)
        nothing_to_attack("no workspace");
    int fd = open("mine", O_CREAT | O_WRONLY, 0644);
    if (fd < 0)
        nothing_to_attack("no file can be made in the workspace");
    if (fchown(fd, 0, 12) < 0 && fchown(fd, 12, 12) < 0 && chown("mine", 65534, (gid_t)-1) < 0)
        stopped("chown");
    worked("the file belongs to somebody else");
}
