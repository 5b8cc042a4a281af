/* SPDX-License-Identifier: Apache-2.0 */
/* attack: /dev/userfaultfd gives what the filter keeps back
 * category: system calls
 * inside: the device is not there
 * as: root
 */
#include <fcntl.h>

#include "attack.h"

int main(void)
{
    int fd = open("/dev/userfaultfd", O_RDWR);
    if (fd < 0)
        stopped("open");
    worked("the device is open");
}
