/* SPDX-License-Identifier: Apache-2.0 */
/* attack: swapoff and swapon: the host's memory
 * category: system calls
 * inside: the call is not there
 * as: root
 */
#include <sys/swap.h>

#include "attack.h"

int main(void)
{
    if (swapoff("/nonexistent") < 0 && errno != ENOENT)
        stopped("swapoff");
    worked("only the file was missing");
}
