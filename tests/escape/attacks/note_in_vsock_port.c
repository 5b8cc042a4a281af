/* SPDX-License-Identifier: Apache-2.0 */
/* attack: whether a vsock port is taken is one bit, in whatever network namespace
 * category: cross-run
 * inside: the family is refused
 * parties: together
 */
#include <linux/vm_sockets.h>
#include <sys/socket.h>

#include "attack.h"

int main(int argc, char **argv)
{
    struct sockaddr_vm address = { .svm_family = AF_VSOCK, .svm_port = 481240 };
    address.svm_cid = VMADDR_CID_ANY;
    int fd = socket(AF_VSOCK, SOCK_STREAM, 0);
    if (sending(argc, argv)) {
        if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
            stopped("bind");
        if (listen(fd, 1) < 0)
            stopped("listen");
        sent();
    }
    if (fd < 0)
        stopped("socket");
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 || errno != EADDRINUSE)
        stopped("the port is free");
    worked("the port is taken");
}
