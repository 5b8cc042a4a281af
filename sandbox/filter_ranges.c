/* SPDX-License-Identifier: Apache-2.0 */
#include "filter_ranges.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdlib.h>

#define JUMP_MAX     255 /* jt and jf are bytes */
#define ANSWERS_MAX  8
#define X32_BIT      0x40000000U
#define NO_CALL      0xffffffffU /* what a tracer puts in the place of a call: no x32 one */
#define NUMBER_BYTES offsetof(struct seccomp_data, nr)
#define ARCH_BYTES   offsetof(struct seccomp_data, arch)

/* From `first` up to the next one's, the last to the end. */
struct range {
    uint32_t first;
    uint8_t answer; /* an index of search.answers */
};

struct search {
    struct range ranges[JUMP_MAX];
    size_t count;
    uint32_t answers[ANSWERS_MAX];
    size_t answer_count;
    struct sock_filter tree[JUMP_MAX]; /* one comparison less than ranges */
};

/* --- the ranges ------------------------------------------------------------------------ */

static uint32_t action_of(int error)
{
    return error == 0 ? SECCOMP_RET_ALLOW : SECCOMP_RET_ERRNO | (uint32_t)error;
}

/* The index of that answer, or ANSWERS_MAX. */
static size_t find_answer(struct search *search, uint32_t action)
{
    size_t i = 0;
    while (i < search->answer_count && search->answers[i] != action)
        i++;
    if (i == search->answer_count && i < ANSWERS_MAX)
        search->answers[search->answer_count++] = action;
    return i;
}

static bool add_range(struct search *search, uint32_t first, uint32_t action)
{
    size_t answer = find_answer(search, action);
    if (search->count > 0 && search->ranges[search->count - 1].answer == answer)
        return true;
    if (search->count > 0 && search->ranges[search->count - 1].first == first)
        search->count--; /* nothing lay between two calls */
    if (answer == ANSWERS_MAX || search->count == COUNT(search->ranges))
        return false;
    /* With that one gone the neighbour may have the same answer. */
    if (search->count == 0 || search->ranges[search->count - 1].answer != answer)
        search->ranges[search->count++] =
            (struct range){ .first = first, .answer = (uint8_t)answer };
    return true;
}

/* Calls are in the order of their numbers; what lies between is nobody's. */
static bool find_ranges(const struct call_table *table, struct search *search)
{
    uint32_t otherwise = action_of(table->otherwise);
    bool fits = add_range(search, 0, otherwise);
    for (size_t i = 0; fits && i < table->count; i++) {
        const struct call *call = &table->calls[i];
        uint32_t number = (uint32_t)call->number;
        int error = rule_answer(call->rules[call->rule_count - 1], table->otherwise);
        fits =
            add_range(search, number, action_of(error)) && add_range(search, number + 1, otherwise);
    }
    return fits && search->count - 1 + search->answer_count <= JUMP_MAX;
}

/* --- the search ------------------------------------------------------------------------- */

/* From the comparison at `from` to the answer of a range: they follow the tree. */
static uint8_t to_answer(const struct search *search, size_t from, size_t range)
{
    return (uint8_t)(search->count - 1 + search->ranges[range].answer - (from + 1));
}

/* A comparison in the middle, then the lower half's, then the upper's. */
static void make_tree(struct search *search, size_t low, size_t high, size_t at)
{
    size_t middle = low + (high - low) / 2, lower = middle - low, upper = high - middle;
    uint8_t if_lower = lower == 1 ? to_answer(search, at, low) : 0;
    uint8_t if_upper = upper == 1 ? to_answer(search, at, middle) : (uint8_t)(lower - 1);
    search->tree[at] =
        (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, search->ranges[middle].first,
                                     if_upper, if_lower);
    if (lower > 1)
        make_tree(search, low, middle, at + 1);
    if (upper > 1)
        make_tree(search, middle, high, at + lower);
}

/* Foreign architectures end the process, as in libseccomp's parts. */
static void append_head(struct str *program)
{
    const struct sock_filter head[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ARCH_BYTES),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, seccomp_arch_native(), 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NUMBER_BYTES),
    };
    static const struct sock_filter no_x32[] = {
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 2),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NO_CALL, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    str_add(program, head, sizeof(head));
    if (seccomp_arch_native() == SCMP_ARCH_X86_64)
        str_add(program, no_x32, sizeof(no_x32));
}

bool ranges_append(const struct call_table *table, struct str *program)
{
    struct search search = { .count = 0 };
    if (!find_ranges(table, &search))
        return false;
    append_head(program);
    if (search.count > 1)
        make_tree(&search, 0, search.count, 0);
    str_add(program, search.tree, (search.count - 1) * sizeof(search.tree[0]));
    for (size_t i = 0; i < search.answer_count; i++) {
        struct sock_filter answer = BPF_STMT(BPF_RET | BPF_K, search.answers[i]);
        str_add(program, &answer, sizeof(answer));
    }
    return true;
}
