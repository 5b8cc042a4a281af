/* SPDX-License-Identifier: Apache-2.0 */
/* bpf.h - what the kernel would do with a seccomp program, for tests that ask it much. */
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>

#include "unit.h"

/* The instructions libseccomp writes and ours; any other one fails the test. */
static inline uint32_t bpf_run(const struct sock_filter *program, size_t count,
                               const struct seccomp_data *data)
{
    uint32_t a = 0;
    for (size_t pc = 0; pc < count; pc++) {
        const struct sock_filter *at = &program[pc];
        switch (at->code) {
        case BPF_LD | BPF_W | BPF_ABS:
            assert_true(at->k % 4 == 0 && at->k + 4 <= sizeof(*data));
            memcpy(&a, (const char *)data + at->k, 4);
            break;
        case BPF_ALU | BPF_AND | BPF_K:
            a &= at->k;
            break;
        case BPF_JMP | BPF_JA:
            pc += at->k;
            break;
        case BPF_JMP | BPF_JEQ | BPF_K:
            pc += a == at->k ? at->jt : at->jf;
            break;
        case BPF_JMP | BPF_JGT | BPF_K:
            pc += a > at->k ? at->jt : at->jf;
            break;
        case BPF_JMP | BPF_JGE | BPF_K:
            pc += a >= at->k ? at->jt : at->jf;
            break;
        case BPF_JMP | BPF_JSET | BPF_K:
            pc += a & at->k ? at->jt : at->jf;
            break;
        case BPF_RET | BPF_K:
            return at->k;
        default:
            fail_msg("instruction %zu: code %#x", pc, at->code);
        }
    }
    fail_msg("the program runs off its end");
    return 0;
}
