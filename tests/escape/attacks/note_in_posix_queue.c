/* SPDX-License-Identifier: Apache-2.0 */
/* attack: POSIX message queues outlive whoever made them
 * category: cross-run
 * inside: the calls are not there, and every box has an IPC namespace
 * parties: after
 */
#include <fcntl.h>
#include <mqueue.h>

#include "attack.h"

int main(int argc, char **argv)
{
    if (sending(argc, argv)) {
        if (mq_open("/cordon-note", O_CREAT | O_RDWR, 0666, NULL) == (mqd_t)-1)
            stopped("mq_open");
        return 0;
    }
    if (mq_open("/cordon-note", O_RDWR) == (mqd_t)-1)
        stopped("mq_open");
    worked("the note is there");
}
