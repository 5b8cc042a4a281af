/* SPDX-License-Identifier: Apache-2.0 */
/* attack: vsock goes to the hypervisor and to other machines, in any network namespace
 * category: network
 * inside: the family is refused
 */
#include <sys/socket.h>

#include "attack.h"

int main(void)
{
    if (socket(AF_VSOCK, SOCK_STREAM, 0) < 0)
        stopped("socket");
    worked("a socket");
}
