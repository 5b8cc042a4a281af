/* SPDX-License-Identifier: Apache-2.0 */
/* attack: uses a descriptor of the caller's that was open when the box was started
 * category: processes
 * inside: there are 0, 1 and 2 and nothing else
 * caller: leaks
 */
#include <sys/stat.h>
#include <unistd.h>

#include "attack.h"

int main(void)
{
    struct stat st;
    for (int fd = 3; fd < 4096; fd++) {
        if (fstat(fd, &st) == 0) {
            printf("descriptor %d\n", fd);
            worked("a descriptor of the caller's");
        }
    }
    stopped("nothing above 2");
}
