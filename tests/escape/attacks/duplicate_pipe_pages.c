/* SPDX-License-Identifier: Apache-2.0 */
/* attack: tee shares pages between two pipes by reference
 * category: system calls
 * inside: the call is not there
 */
#include <fcntl.h>

#include "attack.h"

int main(void)
{
    int one[2], other[2];
    if (pipe(one) < 0 || pipe(other) < 0 || write(one[1], "x", 1) != 1 ||
        tee(one[0], other[1], 1, 0) < 0)
        stopped("tee");
    worked("two pipes share a page");
}
