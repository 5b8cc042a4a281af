/* SPDX-License-Identifier: Apache-2.0 */
/* attack: a quarter million epoll watches, which are kernel memory, where 16 MB are allowed
 * category: resources
 * inside: kernel memory counts, or the number of descriptors bounds it
 * options: --memory 16M
 * limits: open_files=512
 * expect: stopped memory
 */
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>

#include "attack.h"

int main(void)
{
    int watched[400], count = 0;
    for (size_t i = 0; i < COUNT(watched); i++)
        if ((watched[i] = eventfd(0, 0)) < 0)
            stopped("eventfd");
    for (int process = 0; process < 3; process++) {
        for (int i = 0; i < 500; i++) {
            int poll = epoll_create1(0);
            if (poll < 0)
                stopped("epoll_create1");
            for (size_t j = 0; j < COUNT(watched); j++, count++)
                if (epoll_ctl(poll, EPOLL_CTL_ADD, watched[j], &(struct epoll_event){ 0 }) < 0)
                    stopped("epoll_ctl");
        }
        if (count >= 250000)
            break;
        pid_t next = fork();
        if (next < 0)
            stopped("fork");
        if (next > 0) {
            int status;
            (void)waitpid(next, &status, 0);
            exit(WIFEXITED(status) ? WEXITSTATUS(status) : STOPPED);
        }
        /* The child makes more with the numbers that the parent goes on holding. */
        for (int fd = 403; fd < 1024; fd++)
            (void)close(fd);
    }
    usleep(100 * 1000);
    worked("a quarter million watches");
}
