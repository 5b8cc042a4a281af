/* SPDX-License-Identifier: Apache-2.0 */
/* attack: a service on the loopback passes notes to boxes that run at the same time
 * category: cross-run
 * inside: every box has a loopback of its own
 * parties: together
 */
#include <arpa/inet.h>
#include <sys/socket.h>

#include "attack.h"

int main(int argc, char **argv)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(48124) };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (sending(argc, argv)) {
        if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 1) < 0)
            stopped("bind");
        sent();
    }
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        stopped("connect");
    worked("the other is there");
}
