/* SPDX-License-Identifier: Apache-2.0 */
/* notify.c - denied system calls, counted. */
#include "notify.h"

#include <errno.h>
#include <linux/filter.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "str.h"
#include "syscalls.h"

#ifndef SYS_clone3
#define SYS_clone3 435
#endif

/* --- the variant ---------------------------------------------------------------- */

static bool denies(const struct sock_filter *instruction)
{
    return instruction->code == (BPF_RET | BPF_K) &&
           (instruction->k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO;
}

int notify_variant(const struct filter *plain, struct filter *ret, struct error *err)
{
    /* Numbers of foreign architectures are judged by the filter behind: it ends them. */
    const struct sock_filter first[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
    };
    size_t length = COUNT(first) + plain->length;
    if (length > BPF_MAXINSNS)
        return fail_host_as(err, E2BIG, "the filter has no room to ask in");
    struct sock_filter *program = xcalloc(length, sizeof(*program));
    memcpy(program, first, sizeof(first));
    for (unsigned i = 0; i < plain->length; i++) {
        program[COUNT(first) + i] = plain->program[i];
        if (denies(&plain->program[i]))
            program[COUNT(first) + i].k = SECCOMP_RET_USER_NOTIF;
    }
    *ret = (struct filter){ .program = program, .length = (unsigned short)length };
    return 0;
}

/* --- what the plain filter would have answered ------------------------------------ */

static bool jumps(uint16_t operation, uint32_t value, uint32_t operand)
{
    switch (operation) {
    case BPF_JEQ:
        return value == operand;
    case BPF_JGT:
        return value > operand;
    case BPF_JGE:
        return value >= operand;
    case BPF_JSET:
        return value & operand;
    default:
        return false;
    }
}

uint32_t filter_answer(const struct filter *filter, const struct seccomp_data *call)
{
    const uint32_t unknown = SECCOMP_RET_ERRNO | ENOSYS;
    uint32_t value = 0;
    for (size_t at = 0; at < filter->length; at++) {
        const struct sock_filter *instruction = &filter->program[at];
        uint32_t k = instruction->k;
        switch (BPF_CLASS(instruction->code)) {
        case BPF_LD:
            if (instruction->code != (BPF_LD | BPF_W | BPF_ABS) || k % 4 != 0 || k >= sizeof(*call))
                return unknown;
            memcpy(&value, (const char *)call + k, sizeof(value));
            break;
        case BPF_ALU:
            if (instruction->code != (BPF_ALU | BPF_AND | BPF_K))
                return unknown;
            value &= k;
            break;
        case BPF_JMP:
            if (BPF_OP(instruction->code) == BPF_JA)
                at += k;
            else
                at +=
                    jumps(BPF_OP(instruction->code), value, k) ? instruction->jt : instruction->jf;
            break;
        case BPF_RET:
            return k;
        default:
            return unknown;
        }
    }
    return unknown;
}

/* --- questions --------------------------------------------------------------------- */

static void count_call(struct notify_counts *counts, int number)
{
    unsigned i = 0;
    counts->total++;
    while (i < counts->call_count && counts->calls[i].number != number)
        i++;
    if (i == DENIED_MAX)
        return; /* the total still counts */
    if (i == counts->call_count)
        counts->calls[counts->call_count++].number = number;
    counts->calls[i].count++;
}

bool notify_answer(int listener, const struct filter *plain, struct notify_counts *counts)
{
    struct seccomp_notif question = { 0 };
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &question) < 0)
        return errno == EINTR || errno == ENOENT; /* the one that asked has died meanwhile */
    uint32_t answer = filter_answer(plain, &question.data);
    int code = (answer & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO
                   ? (int)(answer & SECCOMP_RET_DATA)
                   : ENOSYS;
    struct seccomp_notif_resp response = { .id = question.id, .error = -code };
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response) < 0 && errno != ENOENT)
        return false;
    count_call(counts, question.data.nr);
    if (counts->ear)
        counts->ear->hear(counts->ear->context, &question.data);
    return counts->ear || counts->total < DENIALS_MAX;
}

void notify_tell(const struct notify_counts *counts, struct outcome *outcome)
{
    for (unsigned i = 0; i < counts->call_count; i++) {
        autofree char *name = syscall_name(counts->calls[i].number);
        outcome_deny(outcome, DENIED_SYSCALL, name, counts->calls[i].count);
    }
}
