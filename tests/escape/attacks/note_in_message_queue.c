/* SPDX-License-Identifier: Apache-2.0 */
/* attack: System V message queues outlive whoever made them
 * category: cross-run
 * inside: the calls are not there, and every box has an IPC namespace
 * parties: after
 */
#include <sys/msg.h>

#include "attack.h"

int main(int argc, char **argv)
{
    if (sending(argc, argv)) {
        if (msgget(0x6e6f7465, IPC_CREAT | 0666) < 0)
            stopped("msgget");
        return 0;
    }
    if (msgget(0x6e6f7465, 0) < 0)
        stopped("msgget");
    worked("the note is there");
}
