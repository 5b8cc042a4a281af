/* SPDX-License-Identifier: Apache-2.0 */
/* attack: makes a read-only mount writable again
 * category: files
 * inside: mount is not there, and no capability for it
 * as: root
 * arguments: {readable}
 * options: --read {readable}
 */
#include <sys/mount.h>

#include "attack.h"

int main(int argc, char **argv)
{
    if (argc < 2)
        nothing_to_attack("no directory");
    /* Outside somebody has to make it read-only first, as a careful launcher would. */
    if (getenv("STAND_IN") &&
        (mount(argv[1], argv[1], NULL, MS_BIND, NULL) < 0 ||
         mount(NULL, argv[1], NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) < 0))
        nothing_to_attack("it cannot be made read-only first");
    if (mount(NULL, argv[1], NULL, MS_REMOUNT | MS_BIND, NULL) < 0)
        stopped("remount");
    worked("remounted for writing");
}
