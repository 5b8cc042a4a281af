/* SPDX-License-Identifier: Apache-2.0 */
/* attack: sets the secure bits that keep capabilities over a change of ids
 * category: privileges
 * inside: no capability to do so, and the option is refused
 * as: root
 */
#include <sys/prctl.h>

#include "attack.h"

int main(void)
{
    if (prctl(PR_SET_SECUREBITS, 1 << 4) < 0 || prctl(PR_GET_KEEPCAPS) != 1)
        stopped("prctl");
    worked("capabilities outlive the change");
}
