/* SPDX-License-Identifier: Apache-2.0 */
/* attack: personality(READ_IMPLIES_EXEC): all memory that is readable becomes executable
 * category: privileges
 * inside: refused
 */
#include <sys/personality.h>

#include "attack.h"

int main(void)
{
    if (personality(READ_IMPLIES_EXEC) < 0)
        stopped("personality");
    worked("readable is executable");
}
