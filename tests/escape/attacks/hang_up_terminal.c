/* SPDX-License-Identifier: Apache-2.0 */
/* attack: vhangup takes the terminal from whoever shares it
 * category: privileges
 * inside: the call is not there
 * as: root
 */
#include "attack.h"

int main(void)
{
    (void)setsid();
    if (vhangup() < 0)
        stopped("vhangup");
    worked("hung up");
}
