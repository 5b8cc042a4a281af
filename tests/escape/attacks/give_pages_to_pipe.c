/* SPDX-License-Identifier: Apache-2.0 */
/* attack: vmsplice gives pages of its own to a pipe: half of Dirty Pipe's kin
 * category: system calls
 * inside: the call is not there
 */
#include <fcntl.h>
#include <sys/uio.h>

#include "attack.h"

int main(void)
{
    int ends[2];
    char page[4096] = "";
    struct iovec piece = { page, sizeof(page) };
    if (pipe(ends) < 0 || vmsplice(ends[1], &piece, 1, 0) < 0)
        stopped("vmsplice");
    worked("a page is in the pipe");
}
