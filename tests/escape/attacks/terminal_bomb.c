/* SPDX-License-Identifier: Apache-2.0 */
/* attack: opens six hundred pseudo terminals, of which the host has a few thousand
 * category: resources
 * inside: the box's own terminals are bounded
 */
#include <fcntl.h>

#include "attack.h"

int main(void)
{
    for (int i = 0; i < 600; i++)
        if (posix_openpt(O_RDWR | O_NOCTTY) < 0)
            stopped("posix_openpt");
    worked("six hundred terminals");
}
