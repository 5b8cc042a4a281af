/* SPDX-License-Identifier: Apache-2.0 */
/* What `cordon policy learn` proposes: just what was denied, as a diff that patch(1) takes. */
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bpf.h"
#include "fd.h"
#include "filter.h"
#include "policy.h"
#include "policy_edit.h"
#include "policy_propose.h"
#include "unit.h"

#if defined(__x86_64__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OUR_ARCH AUDIT_ARCH_AARCH64
#endif

static char *shipped[] = { (char[]){ SOURCE_DIR "/policies" }, NULL };
static const struct sandbox sandbox = { .policy_dirs = shipped, .state_fd = -1 };

/* --- edits --------------------------------------------------------------------------- */

static const char text[] = "{\n"
                           "  \"a\": [\n"
                           "    1,\n"
                           "    { \"b\": 2 }\n"
                           "  ],\n"
                           "  \"c\": [1, 2],\n"
                           "  \"d\": [],\n"
                           "  \"e\": 5,\n"
                           "  \"f\": 6,\n"
                           "  \"g\": 7,\n"
                           "  \"h\": 8,\n"
                           "  \"i\": 9,\n"
                           "  \"j\": 10,\n"
                           "  \"k\": 11,\n"
                           "  \"l\": \"x\"\n"
                           "}";

#define LIST(...) ((char *const[]){ __VA_ARGS__, NULL })

static char one[] = "\"n1\"", two[] = "\"n2\"";

static void edits_change_what_they_name_and_nothing_else(void **state)
{
    (void)state;
    autoedits struct policy_edits edits = { .text = text, .len = strlen(text) };
    policy_edit_value(&edits, "l", "\"y\"");
    policy_edit_append(&edits, "a", LIST(one, two));
    policy_edit_append(&edits, "c", LIST(one));
    policy_edit_append(&edits, "d", LIST(one, two));
    policy_edit_append(&edits, "none", LIST(one));
    policy_edit_append(&edits, "a", NULL);
    policy_edit_value(&edits, "none.below", "1");
    autofree char *changed = policy_edits_apply(&edits);
    assert_string_equal(changed, "{\n"
                                 "  \"a\": [\n"
                                 "    1,\n"
                                 "    { \"b\": 2 },\n"
                                 "    \"n1\",\n"
                                 "    \"n2\"\n"
                                 "  ],\n"
                                 "  \"c\": [1, 2, \"n1\"],\n"
                                 "  \"d\": [ \"n1\", \"n2\" ],\n"
                                 "  \"e\": 5,\n"
                                 "  \"f\": 6,\n"
                                 "  \"g\": 7,\n"
                                 "  \"h\": 8,\n"
                                 "  \"i\": 9,\n"
                                 "  \"j\": 10,\n"
                                 "  \"k\": 11,\n"
                                 "  \"l\": \"y\"\n"
                                 "}");
}

static void a_diff_shows_three_lines_around_and_joins_neighbours(void **state)
{
    (void)state;
    autoedits struct policy_edits edits = { .text = text, .len = strlen(text) };
    autostr struct str out = { 0 };
    policy_edits_diff(&edits, "p.json", &out);
    assert_int_equal(out.len, 0);
    policy_edit_append(&edits, "c", LIST(one));
    policy_edit_append(&edits, "a", LIST(one));
    policy_edit_value(&edits, "l", "\"y\"");
    policy_edits_diff(&edits, "p.json", &out);
    assert_string_equal(out.data, "--- p.json\n"
                                  "+++ p.json\n"
                                  "@@ -1,9 +1,10 @@\n"
                                  " {\n"
                                  "   \"a\": [\n"
                                  "     1,\n"
                                  "-    { \"b\": 2 }\n"
                                  "+    { \"b\": 2 },\n"
                                  "+    \"n1\"\n"
                                  "   ],\n"
                                  "-  \"c\": [1, 2],\n"
                                  "+  \"c\": [1, 2, \"n1\"],\n"
                                  "   \"d\": [],\n"
                                  "   \"e\": 5,\n"
                                  "   \"f\": 6,\n"
                                  "@@ -12,5 +13,5 @@\n"
                                  "   \"i\": 9,\n"
                                  "   \"j\": 10,\n"
                                  "   \"k\": 11,\n"
                                  "-  \"l\": \"x\"\n"
                                  "+  \"l\": \"y\"\n"
                                  " }\n"
                                  "\\ No newline at end of file\n");
}

/* --- proposals ------------------------------------------------------------------------ */

struct lesson {
    struct policy *policy;
    struct policy_source source;
    struct call_table table;
    struct filter filter;
    struct denials *denials;
};

static void lesson_init(struct lesson *lesson, const char *name)
{
    struct error err;
    *lesson = (struct lesson){ .denials = xcalloc(1, sizeof(*lesson->denials)) };
    assert_ok(policy_load(&sandbox, name, &lesson->policy, &err), &err);
    assert_ok(policy_source_open(lesson->policy, &lesson->source, &err), &err);
    assert_ok(call_table_make(&sandbox, lesson->policy, &lesson->table, &err), &err);
    assert_ok(filter_for(&sandbox, lesson->policy, &lesson->filter, &err), &err);
    denials_init(lesson->denials, &lesson->table);
}

static void lesson_done(struct lesson *lesson)
{
    free(lesson->denials);
    filter_done(&lesson->filter);
    call_table_done(&lesson->table);
    policy_source_done(&lesson->source);
    policy_free(lesson->policy);
}

static bool allows(const struct filter *filter, int number, const uint64_t arguments[ARGUMENTS])
{
    struct seccomp_data data = { .nr = number, .arch = OUR_ARCH };
    memcpy(data.args, arguments, sizeof(data.args));
    return bpf_run(filter->program, filter->length, &data) == SECCOMP_RET_ALLOW;
}

/* The filter of the policy with what is proposed; *wild as propose_rules() has it. */
static void changed_filter(const struct lesson *lesson, struct filter *ret, char ***wild)
{
    struct error err;
    autolist char **rules =
        propose_rules(&lesson->source, &lesson->table, lesson->denials, "w", wild);
    autoedits struct policy_edits edits = { .text = lesson->source.text,
                                            .len = lesson->source.len };
    policy_edit_append(&edits, "syscalls.rules", rules);
    autofree char *changed = policy_edits_apply(&edits);
    autopolicy struct policy *policy = NULL;
    assert_ok(policy_parse(&sandbox, "p.json", changed, strlen(changed), &policy, &err), &err);
    assert_ok(filter_for(&sandbox, policy, ret, &err), &err);
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

static uint64_t some_argument(void)
{
    static const uint64_t values[] = {
        0,        1,       2,         3,           10,         16,        17,
        04755,    O_CREAT, O_TMPFILE, CLONE_NEWNS, S_IFCHR,    0x5412,    CLONE_THREAD,
        SOCK_RAW, 0x541c,  S_IFBLK,   02000,       UINT64_MAX, 1ULL << 40
    };
    return values[chance() % COUNT(values)];
}

/* Everything that was denied is allowed, and nothing else that was not allowed before. */
static void just_what_was_denied_is_proposed(void **state)
{
    (void)state;
    static const char *const names[] = { "default", "strict" };
    for (unsigned round = 0; round < 40; round++) {
        struct lesson lesson;
        lesson_init(&lesson, names[round % 2]);
        for (unsigned i = 0; i < 12; i++) {
            uint64_t arguments[ARGUMENTS];
            int number = (int)(chance() % 335);
            for (size_t k = 0; k < ARGUMENTS; k++)
                arguments[k] = some_argument();
            if (!allows(&lesson.filter, number, arguments))
                denials_add(lesson.denials, number, arguments);
        }
        struct filter after;
        autolist char **wild = NULL;
        changed_filter(&lesson, &after, &wild);
        assert_null(wild);
        for (size_t i = 0; i < lesson.denials->count; i++)
            if (!allows(&after, lesson.denials->list[i].number, lesson.denials->list[i].arguments))
                fail_msg("call %d is still denied", lesson.denials->list[i].number);
        for (unsigned i = 0; i < 4000; i++) {
            uint64_t arguments[ARGUMENTS];
            int number = i % 4 && lesson.denials->count
                             ? lesson.denials->list[chance() % lesson.denials->count].number
                             : (int)(chance() % 335);
            for (size_t k = 0; k < ARGUMENTS; k++)
                arguments[k] = some_argument();
            bool before = allows(&lesson.filter, number, arguments);
            size_t known = lesson.denials->count;
            if (!before)
                denials_add(lesson.denials, number, arguments);
            bool denied_once = known == lesson.denials->count;
            lesson.denials->count = known;
            if (allows(&after, number, arguments) != (before || denied_once))
                fail_msg("call %d (%#lx, %#lx, %#lx, %#lx): %s", number, (long)arguments[0],
                         (long)arguments[1], (long)arguments[2], (long)arguments[3],
                         before || denied_once ? "is denied" : "is allowed");
        }
        filter_done(&after);
        lesson_done(&lesson);
    }
}

static void assert_proposed(const char *policy, int number, uint64_t a0, uint64_t a1, uint64_t a2,
                            const char *line)
{
    struct lesson lesson;
    lesson_init(&lesson, policy);
    denials_add(lesson.denials, number, (uint64_t[ARGUMENTS]){ a0, a1, a2, 0, 0, 0 });
    autolist char **wild = NULL;
    autolist char **rules = propose_rules(&lesson.source, &lesson.table, lesson.denials, "", &wild);
    assert_int_equal(list_len(rules), 1);
    assert_string_equal(rules[0], line);
    lesson_done(&lesson);
}

static void a_proposal_speaks_as_the_policy_does(void **state)
{
    (void)state;
    assert_proposed("default", SYS_bpf, 1, 2, 3, "{ \"allow\": \"bpf\", \"why\": \"\" }");
    assert_proposed("default", SYS_socket, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0,
                    "{ \"allow\": \"socket\", \"when\": { \"0\": [\"AF_NETLINK\"], \"1\": { "
                    "\"mask\": \"0xf\", \"is\": [\"SOCK_RAW\"] }, \"2\": [\"IPPROTO_IP\"] }, "
                    "\"why\": \"\" }");
    assert_proposed("default", SYS_ioctl, 0, 0x5412, 7,
                    "{ \"allow\": \"ioctl\", \"when\": { \"1\": [\"TIOCSTI\"] }, \"why\": \"\" }");
    assert_proposed("default", SYS_fchmod, 3, 06755, 0,
                    "{ \"allow\": \"fchmod\", \"when\": { \"1\": { \"mask\": \"07000\", \"is\": "
                    "[\"06000\"] } }, \"why\": \"\" }");
}

static void variants_of_a_call_are_joined_and_too_many_are_not_proposed(void **state)
{
    (void)state;
    struct lesson lesson;
    lesson_init(&lesson, "default");
    for (uint64_t pid = 2; pid < 2 + VARIANTS_MAX; pid++)
        denials_add(lesson.denials, SYS_prlimit64, (uint64_t[ARGUMENTS]){ pid });
    denials_add(lesson.denials, SYS_prlimit64, (uint64_t[ARGUMENTS]){ 2 });
    assert_int_equal(lesson.denials->count, VARIANTS_MAX);
    assert_int_equal(lesson.denials->list[0].count, 2);
    autolist char **wild = NULL, **more = NULL;
    autolist char **rules = propose_rules(&lesson.source, &lesson.table, lesson.denials, "", &wild);
    assert_int_equal(list_len(rules), 1);
    assert_null(wild);
    assert_non_null(strstr(rules[0], "\"0\": [2, 3, 4, 5, "));
    denials_add(lesson.denials, SYS_prlimit64, (uint64_t[ARGUMENTS]){ 99 });
    assert_null(propose_rules(&lesson.source, &lesson.table, lesson.denials, "", &more));
    assert_string_equal(more[0], "prlimit64");
    lesson_done(&lesson);
}

static void what_a_stranger_invents_has_an_end(void **state)
{
    (void)state;
    struct lesson lesson;
    lesson_init(&lesson, "default");
    for (uint64_t pid = 2; pid < 2 + 2 * DENIALS_KEPT; pid++)
        denials_add(lesson.denials, SYS_prlimit64, (uint64_t[ARGUMENTS]){ pid });
    denials_add(lesson.denials, -1, (uint64_t[ARGUMENTS]){ 0 });
    denials_add(lesson.denials, CALL_NUMBERS, (uint64_t[ARGUMENTS]){ 0 });
    assert_int_equal(lesson.denials->count, DENIALS_KEPT);
    assert_int_equal(lesson.denials->lost, DENIALS_KEPT + 2);
    lesson_done(&lesson);
}

static void the_rule_that_denied_is_found(void **state)
{
    (void)state;
    struct lesson lesson;
    lesson_init(&lesson, "default");
    struct denial chmod = { .number = SYS_fchmod, .arguments = { 3, 04755 } };
    struct denial none = { .number = SYS_bpf };
    const struct syscall_rule *rule = denial_rule(&lesson.table, &chmod);
    assert_non_null(rule);
    assert_string_equal(rule->calls[1], "fchmod");
    assert_null(denial_rule(&lesson.table, &none));
    lesson_done(&lesson);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(edits_change_what_they_name_and_nothing_else),
    cmocka_unit_test(a_diff_shows_three_lines_around_and_joins_neighbours),
    cmocka_unit_test(just_what_was_denied_is_proposed),
    cmocka_unit_test(a_proposal_speaks_as_the_policy_does),
    cmocka_unit_test(variants_of_a_call_are_joined_and_too_many_are_not_proposed),
    cmocka_unit_test(what_a_stranger_invents_has_an_end),
    cmocka_unit_test(the_rule_that_denied_is_found),
};

UNIT_MAIN(tests)
