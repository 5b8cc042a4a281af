/* SPDX-License-Identifier: Apache-2.0 */
/* attack: changes the name of the host
 * category: privileges
 * inside: no capability, and the call is not there
 * as: root
 */
#include "attack.h"

int main(void)
{
    if (sethostname("evil", 4) < 0 && setdomainname("evil", 4) < 0)
        stopped("sethostname");
    worked("another name");
}
