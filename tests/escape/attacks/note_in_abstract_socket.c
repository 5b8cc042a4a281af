/* SPDX-License-Identifier: Apache-2.0 */
/* attack: an abstract socket passes a note: it has no file and no owner
 * category: cross-run
 * inside: abstract names belong to the box's own network namespace
 * parties: together
 */
#include <sys/socket.h>
#include <sys/un.h>

#include "attack.h"

int main(int argc, char **argv)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "\0cordon-note" };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (sending(argc, argv)) {
        if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 1) < 0)
            stopped("bind");
        sent();
    }
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        stopped("connect");
    worked("the other is there");
}
