/* SPDX-License-Identifier: Apache-2.0 */
/* attack: acct makes the kernel append to a file of ours for every process that ends
 * category: privileges
 * inside: the call is not there
 * as: root
 */
#include <fcntl.h>

#include "attack.h"

int main(void)
{
    if (getenv("STAND_IN") && acct("/nonexistent") < 0 && errno == ENOSYS)
        nothing_to_attack("this kernel has no process accounting");
    (void)close(creat("/tmp/log", 0600));
    if (acct("/tmp/log") < 0)
        stopped("acct");
    (void)acct(NULL);
    worked("the kernel writes to our file");
}
