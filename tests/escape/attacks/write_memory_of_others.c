/* SPDX-License-Identifier: Apache-2.0 */
/* attack: writes to the memory of a process above with process_vm_writev
 * category: processes
 * inside: the call is not there
 * arguments: {victim}
 */
#include <sys/uio.h>

#include "attack.h"

static char byte;

/* The end of its stack: /proc shows it only to those who may trace it, and then it is mapped. */
static void *stack_of(pid_t pid)
{
    char path[32], line[256];
    unsigned long from = 0x1000, to;
    (void)snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
    FILE *maps = fopen(path, "r");
    while (maps && fgets(line, sizeof(line), maps))
        if (strstr(line, "[stack]") && sscanf(line, "%lx-%lx", &from, &to) == 2)
            from = to - 16;
    return (void *)from;
}

int main(int argc, char **argv)
{
    pid_t pids[2];
    size_t count = victims(argc, argv, pids);
    for (size_t i = 0; i < count; i++) {
        struct iovec local = { &byte, 1 }, remote = { stack_of(pids[i]), 1 };
        if (process_vm_readv(pids[i], &local, 1, &remote, 1, 0) == 1 &&
            process_vm_writev(pids[i], &local, 1, &remote, 1, 0) == 1)
            worked("a byte of its memory is written");
    }
    stopped("process_vm_writev");
}
