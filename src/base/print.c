/* SPDX-License-Identifier: Apache-2.0 */
#include "print.h"

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#define EXIT_UNWRITTEN 125

/* errno may be of an earlier write that stdio made by itself; the pipe remembers. */
static bool reader_is_gone(void)
{
    struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };
    return poll(&out, 1, 0) == 1 && (out.revents & POLLERR);
}

int print_end(int status)
{
    int failed = fflush(stdout);
    if ((failed == 0 && !ferror(stdout)) || reader_is_gone())
        return status;
    (void)fputs("cordon: standard output cannot be written\n", stderr);
    return EXIT_UNWRITTEN;
}
