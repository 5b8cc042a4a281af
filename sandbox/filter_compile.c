/* SPDX-License-Identifier: Apache-2.0 */
/* filter_compile.c - the parts of a filter through libseccomp, joined into one program. */
#include <errno.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fd.h"
#include "filter_parts.h"
#include "filter_ranges.h"
#include "str.h"

/* What a part before the last answers where none of its conditions holds. No
 * rule can answer so: joining turns it into a jump to the next part. */
#define GO_ON       SCMP_ACT_TRACE(0x7ffe)
#define GO_ON_PRINT "action TRACE(32766);"

/* Filters are compared and their size is judged: the kernel takes this many. */
#define INSTRUCTIONS_MAX BPF_MAXINSNS

#define ARGUMENTS 6

static void own_context(scmp_filter_ctx *context)
{
    if (*context)
        seccomp_release(*context);
}
#define autocontext __attribute__((cleanup(own_context)))

static int fail_seccomp(struct error *err, int code, const char *what)
{
    return fail_host_as(err, -code, "libseccomp: %s: %s", what, strerror(-code));
}

/* --- one rule --------------------------------------------------------------- */

static uint32_t answer(const struct syscall_rule *rule, int otherwise)
{
    if (rule && rule->allow)
        return SCMP_ACT_ALLOW;
    return SCMP_ACT_ERRNO((uint32_t)(rule ? rule->error : otherwise));
}

static size_t choices(const struct syscall_when *when)
{
    return when->any ? (size_t)__builtin_popcountll(when->mask) : when->value_count;
}

/* The nth alternative of a condition: a bit that is set, or a value that is met. */
static struct scmp_arg_cmp comparison(const struct syscall_when *when, size_t n)
{
    if (!when->any)
        return SCMP_CMP64(when->argument, SCMP_CMP_MASKED_EQ, when->mask, when->values[n]);
    uint64_t rest = when->mask;
    while (n-- > 0)
        rest &= rest - 1;
    uint64_t bit = rest & -rest;
    return SCMP_CMP64(when->argument, SCMP_CMP_MASKED_EQ, bit, bit);
}

/* All conditions must hold, each in one of its ways: every combination is a
 * rule of libseccomp. */
static int add_rule(scmp_filter_ctx context, int number, const struct syscall_rule *rule,
                    struct error *err)
{
    size_t turn[ARGUMENTS] = { 0 };
    for (;;) {
        struct scmp_arg_cmp comparisons[ARGUMENTS];
        for (size_t i = 0; i < rule->when_count; i++)
            comparisons[i] = comparison(&rule->when[i], turn[i]);
        int r = seccomp_rule_add_array(context, answer(rule, 0), number, (unsigned)rule->when_count,
                                       comparisons);
        if (r < 0 && r != -EEXIST)
            return fail_seccomp(err, r, "add a rule");
        size_t i = 0;
        while (i < rule->when_count && ++turn[i] == choices(&rule->when[i]))
            turn[i++] = 0;
        if (i == rule->when_count)
            return 0;
    }
}

/* --- one part --------------------------------------------------------------- */

static int add_last(scmp_filter_ctx context, const struct call *call, int otherwise,
                    struct error *err)
{
    uint32_t action = answer(call->rules[call->rule_count - 1], otherwise);
    if (action == answer(NULL, otherwise))
        return 0;
    int r = seccomp_rule_add_array(context, action, call->number, 0, NULL);
    return r < 0 ? fail_seccomp(err, r, "add a rule") : 0;
}

static int fill_part(scmp_filter_ctx context, const struct call_table *table, size_t part,
                     struct error *err)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct call *call = &table->calls[i];
        if (part == 0) {
            int r = add_last(context, call, table->otherwise, err);
            if (r < 0)
                return r;
            continue;
        }
        for (size_t k = 0; k + 1 < call->rule_count; k++) {
            int r = call_part(call, k) == part
                        ? add_rule(context, call->number, call->rules[k], err)
                        : 0;
            if (r < 0)
                return r;
        }
    }
    return 0;
}

/* Foreign architectures (on x86-64 also x32) end the process: a box runs
 * nothing of that kind, and an errno would leave a broken program running. */
static int make_part(const struct call_table *table, size_t part, scmp_filter_ctx *ret,
                     struct error *err)
{
    autocontext scmp_filter_ctx context =
        seccomp_init(part == 0 ? answer(NULL, table->otherwise) : GO_ON);
    if (!context)
        return fail_host_as(err, ENOMEM, "libseccomp: no filter can be made");
    int r = seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    if (r == 0) /* a search tree instead of a list */
        r = seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    if (r < 0)
        return fail_seccomp(err, r, "set an attribute");
    r = fill_part(context, table, part, err);
    if (r < 0)
        return r;
    *ret = TAKE(&context);
    return 0;
}

/* libseccomp writes to descriptors only. */
static int export_part(const struct call_table *table, size_t part,
                       int (*export)(const scmp_filter_ctx, int), char **ret, size_t *len,
                       struct error *err)
{
    autocontext scmp_filter_ctx context = NULL;
    int r = make_part(table, part, &context, err);
    if (r < 0)
        return r;
    autoclose int fd = memfd_create("filter", MFD_CLOEXEC);
    if (fd < 0)
        return fail_host(err, "memfd_create");
    r = export(context, fd);
    if (r < 0)
        return fail_seccomp(err, r, "export the filter");
    if (lseek(fd, 0, SEEK_SET) < 0)
        return fail_host(err, "rewind a memfd");
    return fd_read_all(fd, SIZE_MAX / 2, ret, len, err);
}

/* --- the whole -------------------------------------------------------------- */

static int append_part(const struct call_table *table, size_t part, struct str *program,
                       struct error *err)
{
    autofree char *bytes = NULL;
    size_t len;
    int r = export_part(table, part, seccomp_export_bpf, &bytes, &len, err);
    if (r < 0)
        return r;
    size_t count = len / sizeof(struct sock_filter);
    struct sock_filter *instructions = (struct sock_filter *)(void *)bytes;
    for (size_t i = 0; part > 0 && i < count; i++)
        if (instructions[i].code == (BPF_RET | BPF_K) && instructions[i].k == GO_ON)
            instructions[i] =
                (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)(count - i - 1));
    str_add(program, instructions, count * sizeof(*instructions));
    return 0;
}

int filter_compile(const struct call_table *table, struct filter *ret, struct error *err)
{
    autostr struct str program = { 0 };
    for (size_t part = table->part_count; part-- > 0;) {
        if (part == 0 && ranges_append(table, &program))
            continue;
        int r = append_part(table, part, &program, err);
        if (r < 0)
            return r;
    }
    size_t count = program.len / sizeof(struct sock_filter);
    if (count == 0 || count > INSTRUCTIONS_MAX)
        return fail_host_as(err, E2BIG,
                            "the system call rules make %zu instructions; the kernel takes %d",
                            count, INSTRUCTIONS_MAX);
    ret->length = (unsigned short)count;
    ret->program = (struct sock_filter *)(void *)str_take(&program);
    return 0;
}

static void print_part(FILE *out, const char *text)
{
    for (const char *found; (found = strstr(text, GO_ON_PRINT));
         text = found + sizeof(GO_ON_PRINT) - 1) {
        (void)fwrite(text, 1, (size_t)(found - text), out);
        (void)fputs("go on to the next part;", out);
    }
    (void)fputs(text, out);
}

int filter_describe(const struct call_table *table, FILE *out, struct error *err)
{
    for (size_t part = table->part_count; part-- > 0;) {
        autofree char *text = NULL;
        size_t len;
        int r = export_part(table, part, seccomp_export_pfc, &text, &len, err);
        if (r < 0)
            return r;
        (void)fprintf(out, "## part %zu of %zu: %s\n", table->part_count - part, table->part_count,
                      part > 0 ? "what depends on arguments" : "what does not");
        print_part(out, text);
    }
    return 0;
}
