/* SPDX-License-Identifier: Apache-2.0 */
/* attack: takes CPU time and file size away from the process above: it dies by the next second
 * category: supervisor
 * inside: refused for any process but itself
 * arguments: {victim}
 */
#include <sys/resource.h>

#include "attack.h"

int main(int argc, char **argv)
{
    pid_t pids[2];
    size_t count = victims(argc, argv, pids);
    for (size_t i = 0; i < count; i++) {
        struct rlimit none = { 0, 0 };
        if (prlimit(pids[i], RLIMIT_CPU, &none, NULL) == 0 ||
            prlimit(pids[i], RLIMIT_FSIZE, &none, NULL) == 0)
            worked("it has no time left");
    }
    stopped("prlimit");
}
