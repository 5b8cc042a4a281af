/* SPDX-License-Identifier: Apache-2.0 */
/* attack: does nothing for longer than it may run
 * category: resources
 * inside: the wall clock ends it
 * limits: wall=300ms
 * expect: wall
 */
#include "attack.h"

int main(void)
{
    usleep(1500 * 1000);
    worked("1.5 s");
}
