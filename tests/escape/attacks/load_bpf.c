/* SPDX-License-Identifier: Apache-2.0 */
/* attack: makes a BPF map: the door to programs inside the kernel
 * category: system calls
 * inside: bpf is not there
 * as: root
 */
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attack.h"

int main(void)
{
    union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY };
    attr.key_size = attr.value_size = 4;
    attr.max_entries = 1;
    if (syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)) < 0)
        stopped("bpf");
    worked("a BPF map");
}
