/* SPDX-License-Identifier: Apache-2.0 */
/* The program against the rules it was made from: what it answers, and what it looks like. */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bpf.h"
#include "filter.h"
#include "filter_parts.h"
#include "policy.h"
#include "policy_parts.h"
#include "str.h"
#include "syscalls.h"

#if defined(__x86_64__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OUR_ARCH AUDIT_ARCH_AARCH64
#endif

#define NUMBER_MAX 480

static char policy_dir[] = SOURCE_DIR "/policies";
static char *shipped[] = { policy_dir, NULL };
static const struct sandbox sandbox = { .policy_dirs = shipped, .state_fd = -1 };
static const char *const names[] = { "default", "strict", "fetch", "data", "web", "ci" };

/* --- rules read plainly: of those that hold the last one decides ------------ */

static bool holds(const struct syscall_when *when, const uint64_t *arguments)
{
    uint64_t masked = arguments[when->argument] & when->mask;
    if (when->any)
        return masked != 0;
    for (size_t i = 0; i < when->value_count; i++)
        if (when->values[i] == masked)
            return true;
    return false;
}

static bool speaks_of(const struct syscall_rule *rule, int number)
{
    for (char *const *call = rule->calls; *call; call++) {
        struct error err;
        char *const *group = **call == '@' ? policy_group(&sandbox, *call, &err) : NULL;
        if (!group && **call != '@' && syscall_number(*call) == number)
            return true;
        for (; group && *group; group++)
            if (syscall_number(*group) == number)
                return true;
    }
    return false;
}

static uint32_t by_the_rules(const struct policy *policy, const bool (*speaks)[NUMBER_MAX],
                             const struct seccomp_data *data)
{
    for (size_t i = policy->syscall_count; i-- > 0;) {
        const struct syscall_rule *rule = &policy->syscalls[i];
        bool all = speaks[i][data->nr];
        for (size_t k = 0; all && k < rule->when_count; k++)
            all = holds(&rule->when[k], (const uint64_t *)data->args);
        if (all)
            return rule->allow ? SECCOMP_RET_ALLOW : SECCOMP_RET_ERRNO | (uint32_t)rule->error;
    }
    return SECCOMP_RET_ERRNO | (uint32_t)policy->otherwise;
}

/* A generator with a fixed seed: a failure comes again. */
static uint64_t chance(void)
{
    static uint64_t state = 88172645463325252ULL;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* Values the rules speak of, their neighbours, and rubbish above 32 bits. */
static uint64_t some_argument(const struct policy *policy)
{
    uint64_t value = chance() >> (chance() % 64);
    if (policy->syscall_count == 0)
        return value;
    const struct syscall_rule *rule = &policy->syscalls[chance() % policy->syscall_count];
    if (rule->when_count > 0 && chance() % 4 != 0) {
        const struct syscall_when *when = &rule->when[chance() % rule->when_count];
        value = when->any ? when->mask & chance() : when->values[chance() % when->value_count];
        if (chance() % 4 == 0)
            value ^= 1ULL << (chance() % 64);
    }
    if (chance() % 4 == 0)
        value |= chance() << 32;
    return chance() % 8 == 0 ? 0 : value;
}

static void compare(const struct policy *policy, const struct filter *filter, int tries)
{
    bool(*speaks)[NUMBER_MAX] = xcalloc(policy->syscall_count, sizeof(*speaks));
    for (size_t i = 0; i < policy->syscall_count; i++)
        for (int number = 0; number < NUMBER_MAX; number++)
            speaks[i][number] = speaks_of(&policy->syscalls[i], number);
    for (int number = 0; number < NUMBER_MAX; number++) {
        for (int i = 0; i < tries; i++) {
            struct seccomp_data data = { .nr = number, .arch = OUR_ARCH };
            for (size_t k = 0; k < 6; k++)
                data.args[k] = some_argument(policy);
            uint32_t wanted = by_the_rules(policy, (const bool(*)[NUMBER_MAX])speaks, &data);
            uint32_t got = bpf_run(filter->program, filter->length, &data);
            if (wanted != got)
                fail_msg("call %d (%llx, %llx, %llx, %llx): %#x instead of %#x", number,
                         data.args[0], data.args[1], data.args[2], data.args[3], got, wanted);
        }
    }
    free(speaks);
}

static struct policy *load(const char *name)
{
    struct error err;
    struct policy *policy = NULL;
    assert_ok(policy_load(&sandbox, name, &policy, &err), &err);
    return policy;
}

static struct policy *parse(const char *rules)
{
    struct error err;
    struct policy *policy = NULL;
    autofree char *text = xasprintf("{\"version\": 1, \"name\": \"p\", \"syscalls\": "
                                    "{\"otherwise\": \"EACCES\", \"rules\": [%s]}}",
                                    rules);
    assert_ok(policy_parse(&sandbox, "p", text, strlen(text), &policy, &err), &err);
    return policy;
}

static void a_shipped_filter_answers_as_its_rules_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        struct error err;
        struct filter filter;
        autopolicy struct policy *policy = load(names[i]);
        assert_ok(filter_for(&sandbox, policy, &filter, &err), &err);
        compare(policy, &filter, 300);
        filter_done(&filter);
    }
}

#define RULE(what, more)  "{" what ", \"why\": \"w\"" more "},"
#define DENY(call, errno) "\"deny\": \"" call "\", \"with\": \"" errno "\""
#define WHEN(condition)   ", \"when\": {" condition "}"

static void the_last_rule_that_holds_decides(void **state)
{
    (void)state;
    static const char *const rules[] = {
        /* a plain deny behind a group, and a plain allow behind that */
        RULE("\"allow\": \"@files\"", "") RULE(DENY("openat", "EPERM"), "")
            RULE("\"allow\": \"openat\"", WHEN("\"2\": [0]")) RULE("\"allow\": \"read\"", ""),
        /* conditions that overlap, with three answers in turn */
        RULE("\"allow\": \"ioctl\"", "")
            RULE(DENY("ioctl", "EPERM"), WHEN("\"1\": {\"bits\": [255]}"))
                RULE("\"allow\": \"ioctl\"", WHEN("\"1\": {\"bits\": [15]}"))
                    RULE(DENY("ioctl", "ENOTTY"),
                         WHEN("\"1\": {\"mask\": 7, \"is\": [5, 6]}, \"0\": [1, 2]")),
        /* what nothing allows; a condition in front of the same answer */
        RULE(DENY("read", "EPERM"), "") RULE(DENY("write", "EACCES"), WHEN("\"0\": [1]"))
            RULE(DENY("close", "EPERM"), WHEN("\"0\": [1]")),
        /* the same answer from several rules, one inside the other */
        RULE("\"allow\": \"mmap\"", "") RULE(DENY("mmap", "EPERM"), WHEN("\"2\": {\"bits\": [4]}"))
            RULE(DENY("mmap", "EPERM"), WHEN("\"2\": {\"bits\": [4]}, \"3\": {\"bits\": [16, 32]}"))
                RULE(DENY("mmap", "EPERM"), WHEN("\"2\": [7, 7, 6]")),
        /* all of 64 bits where a value needs them */
        RULE("\"allow\": \"lseek\"", WHEN("\"1\": [\"0x100000000\", 5]"))
            RULE("\"allow\": \"pread64\"", WHEN("\"3\": {\"mask\": \"0xff00000000\", \"is\": "
                                                "[\"0x1200000000\"]}")),
    };
    for (size_t i = 0; i < COUNT(rules); i++) {
        struct error err;
        struct filter filter;
        autofree char *list = xstrndup(rules[i], strlen(rules[i]) - 1);
        autopolicy struct policy *policy = parse(list);
        assert_ok(filter_for(&sandbox, policy, &filter, &err), &err);
        compare(policy, &filter, 400);
        filter_done(&filter);
    }
}

/* --- rules by chance -------------------------------------------------------- */

static void add_condition(struct str *text, unsigned argument)
{
    uint64_t mask = chance() % 3 == 0 ? 0xff : 0xf;
    if (chance() % 3 == 0)
        str_printf(text, "\"%u\": {\"bits\": [%u]}", argument, (unsigned)(chance() % 15 + 1));
    else if (chance() % 2 == 0)
        str_printf(text, "\"%u\": [%u, %u]", argument, (unsigned)(chance() % 16),
                   (unsigned)(chance() % 16));
    else
        str_printf(text, "\"%u\": {\"mask\": %u, \"is\": [%u]}", argument, (unsigned)mask,
                   (unsigned)(chance() & mask));
}

static void add_rule(struct str *text)
{
    static const char *const calls[] = { "read", "write", "ioctl", "@sockets", "socket" };
    static const char *const answers[] = { "EPERM", "EACCES", "ENOENT" };
    const char *call = calls[chance() % COUNT(calls)];
    str_puts(text, text->len ? ",\n{" : "{");
    if (chance() % 2)
        str_printf(text, "\"allow\": \"%s\"", call);
    else
        str_printf(text, "\"deny\": \"%s\", \"with\": \"%s\"", call, answers[chance() % 3]);
    unsigned conditions = (unsigned)(chance() % 3);
    if (conditions > 0) {
        str_puts(text, ", \"when\": {");
        add_condition(text, 1);
        if (conditions > 1) {
            str_puts(text, ", ");
            add_condition(text, 2);
        }
        str_puts(text, "}");
    }
    str_puts(text, ", \"why\": \"w\"}");
}

static void rules_by_chance_are_answered_as_they_say(void **state)
{
    (void)state;
    for (int round = 0; round < 60; round++) {
        struct error err;
        struct filter filter;
        autostr struct str rules = { 0 };
        for (uint64_t i = chance() % 9 + 1; i > 0; i--)
            add_rule(&rules);
        autopolicy struct policy *policy = parse(rules.data);
        assert_ok(filter_for(&sandbox, policy, &filter, &err), &err);
        compare(policy, &filter, 12);
        filter_done(&filter);
    }
}

/* --- architectures ---------------------------------------------------------- */

static void a_foreign_architecture_ends_the_process(void **state)
{
    (void)state;
    static const uint32_t foreign[] = { AUDIT_ARCH_I386, AUDIT_ARCH_ARM, AUDIT_ARCH_MIPS64, 0 };
    for (size_t i = 0; i < COUNT(names); i++) {
        struct error err;
        struct filter filter;
        autopolicy struct policy *policy = load(names[i]);
        assert_ok(filter_for(&sandbox, policy, &filter, &err), &err);
        for (size_t k = 0; k < COUNT(foreign); k++) {
            struct seccomp_data data = { .nr = SYS_read, .arch = foreign[k] };
            assert_int_equal(bpf_run(filter.program, filter.length, &data),
                             SECCOMP_RET_KILL_PROCESS);
        }
#if defined(__x86_64__)
        for (int number = 0; number < NUMBER_MAX * 2; number++) {
            struct seccomp_data x32 = { .nr = 0x40000000 | number, .arch = OUR_ARCH };
            assert_int_equal(bpf_run(filter.program, filter.length, &x32),
                             SECCOMP_RET_KILL_PROCESS);
        }
#endif
        filter_done(&filter);
    }
}

static void too_many_instructions_are_refused(void **state)
{
    (void)state;
    struct error err;
    struct filter filter = { 0 };
    autostr struct str rules = { 0 };
    for (int i = 0; i < 40; i++) {
        str_printf(&rules,
                   "%s{\"deny\": [\"read\", \"write\"], \"with\": \"%s\", \"why\": \"w\", "
                   "\"when\": {\"0\": [",
                   i ? "," : "", i % 2 ? "EPERM" : "ENOENT");
        for (int k = 0; k < 100; k++)
            str_printf(&rules, "%s%d", k ? "," : "", i * 1000 + k);
        str_puts(&rules, "]}}");
    }
    autopolicy struct policy *policy = parse(rules.data);
    assert_int_equal(filter_for(&sandbox, policy, &filter, &err), -E2BIG);
    assert_says(&err, "the kernel takes 4096");
    assert_null(filter.program);
}

/* --- what a review sees ----------------------------------------------------- */

#if defined(__x86_64__)
/* To make them anew: CORDON_GOLDEN=write build/dev/test_filter, and read the difference. */
static void the_golden_files_show_what_the_kernel_gets(void **state)
{
    (void)state;
    const char *write = getenv("CORDON_GOLDEN");
    for (size_t i = 0; i < COUNT(names); i++) {
        struct error err;
        char *text = NULL;
        size_t len;
        autopolicy struct policy *policy = load(names[i]);
        autofree char *path = xasprintf(SOURCE_DIR "/tests/unit/golden/%s.pfc", names[i]);
        FILE *memory = open_memstream(&text, &len);
        assert_ok(filter_print(&sandbox, policy, memory, &err), &err);
        assert_int_equal(fclose(memory), 0);
        if (write && strcmp(write, "write") == 0) {
            FILE *file = fopen(path, "w");
            assert_non_null(file);
            assert_true(fwrite(text, 1, len, file) == len && fclose(file) == 0);
        }
        FILE *file = fopen(path, "r");
        autofree char *golden = xcalloc(1, len + 2);
        size_t n = file ? fread(golden, 1, len + 1, file) : 0;
        if (file)
            (void)fclose(file);
        if (n != len || memcmp(golden, text, len) != 0)
            fail_msg("%s does not show what policy %s compiles to", path, names[i]);
        free(text);
    }
}
#endif

/* --- modes ------------------------------------------------------------------ */

static void the_shipped_policies_guard_modes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        autopolicy struct policy *policy = load(names[i]);
        assert_true(filter_guards_modes(&sandbox, policy));
    }
}

#if defined(__x86_64__) /* newer architectures have neither open nor chmod */
#define BITS(argument, mask) "\"" argument "\": {\"bits\": [" mask "]}"
#define OPEN_GUARD              \
    RULE(DENY("open", "EPERM"), \
         WHEN(BITS("1", "\"O_CREAT\", \"O_TMPFILE\"") ", " BITS("2", "\"07000\"")))
#define NODE_GUARD               \
    RULE(DENY("mknod", "EPERM"), \
         WHEN("\"1\": {\"mask\": \"S_IFMT\", \"is\": [\"S_IFCHR\", \"S_IFBLK\"]}"))
#define ALLOW(call) RULE("\"allow\": \"" call "\"", "")

static void one_open_door_is_enough(void **state)
{
    (void)state;
    static const struct {
        const char *rules;
        bool guarded;
    } rows[] = {
        { ALLOW("read"), true },
        { ALLOW("chmod"), false },
        { ALLOW("chmod") RULE(DENY("chmod", "EPERM"), WHEN(BITS("1", "\"06000\""))), true },
        { RULE(DENY("chmod", "EPERM"), WHEN(BITS("1", "\"06000\""))) ALLOW("chmod"), false },
        { ALLOW("chmod") RULE(DENY("chmod", "EPERM"), WHEN(BITS("1", "\"04000\""))), false },
        { ALLOW("chmod") RULE(DENY("chmod", "EPERM"), WHEN("\"1\": [\"06000\"]")), false },
        { ALLOW("chmod") RULE(DENY("chmod", "EPERM"), WHEN(BITS("2", "\"06000\""))), false },
        { ALLOW("chmod") RULE(DENY("chmod", "EPERM"), ""), true },
        { ALLOW("open"), false },
        { ALLOW("open") OPEN_GUARD, true },
        { ALLOW("open") RULE(DENY("open", "EPERM"), WHEN(BITS("2", "\"07000\""))), true },
        { ALLOW("open") RULE(DENY("open", "EPERM"),
                             WHEN(BITS("1", "\"O_CREAT\"") ", " BITS("2", "\"07000\""))),
          false },
        { ALLOW("open") OPEN_GUARD RULE("\"allow\": \"open\"", WHEN("\"2\": [2541]")), false },
        { ALLOW("mknod") NODE_GUARD, false },
        { ALLOW("mknod") NODE_GUARD RULE(DENY("mknod", "EPERM"), WHEN(BITS("1", "\"07000\""))),
          true },
        { ALLOW("mknod") RULE(DENY("mknod", "EPERM"), WHEN(BITS("1", "\"07000\""))), false },
        { ALLOW("openat2"), false },
        { ALLOW("io_uring_setup"), false },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        autofree char *list = xstrndup(rows[i].rules, strlen(rows[i].rules) - 1);
        autopolicy struct policy *policy = parse(list);
        if (filter_guards_modes(&sandbox, policy) != rows[i].guarded)
            fail_msg("%s: %s", list, rows[i].guarded ? "is guarded" : "is not guarded");
    }
}

#endif

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_shipped_filter_answers_as_its_rules_say),
    cmocka_unit_test(the_last_rule_that_holds_decides),
    cmocka_unit_test(rules_by_chance_are_answered_as_they_say),
    cmocka_unit_test(a_foreign_architecture_ends_the_process),
    cmocka_unit_test(too_many_instructions_are_refused),
#if defined(__x86_64__)
    cmocka_unit_test(the_golden_files_show_what_the_kernel_gets),
    cmocka_unit_test(one_open_door_is_enough),
#endif
    cmocka_unit_test(the_shipped_policies_guard_modes),
};

UNIT_MAIN(tests)
