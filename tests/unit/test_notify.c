/* SPDX-License-Identifier: Apache-2.0 */
/* test_notify.c - the asking filter denies what the plain one denies, and only asks more. */
#include <errno.h>
#include <linux/audit.h>
#include <stddef.h>
#include <sys/syscall.h>

#include "bpf.h"
#include "notify.h"
#include "policy.h"
#include "str.h"
#include "unit.h"

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#else
#define NATIVE AUDIT_ARCH_AARCH64
#endif

static char *directories[] = { (char *)(uintptr_t)(SOURCE_DIR "/policies"), NULL };
static struct sandbox sandbox = { .policy_dirs = directories, .state_fd = -1 };
static struct filter plain, asking;

static int set_up(void **unused)
{
    (void)unused;
    struct error err = { 0 };
    autopolicy struct policy *policy = NULL;
    assert_ok(policy_load(&sandbox, "default", &policy, &err), &err);
    assert_ok(filter_for(&sandbox, policy, &plain, &err), &err);
    assert_ok(notify_variant(&plain, &asking, &err), &err);
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    filter_done(&plain);
    filter_done(&asking);
    return 0;
}

/* Arguments that make conditional rules answer both ways. */
static const uint64_t arguments[][6] = {
    { 0, 0, 0, 0, 0, 0 },
    { 1, 04755, 04755, 04755, 0, 0 },
    { 0x10000000, 0x5412, 0x100, 04000, 0, 0 },
    { ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL },
};

static struct seccomp_data call_of(int number, size_t row)
{
    struct seccomp_data call = { .nr = number, .arch = NATIVE };
    for (size_t i = 0; i < 6; i++)
        call.args[i] = arguments[row][i];
    return call;
}

static void every_denial_asks_and_nothing_else_changes(void **unused)
{
    (void)unused;
    size_t asked = 0;
    for (int number = 0; number < 600; number++) {
        for (size_t row = 0; row < COUNT(arguments); row++) {
            struct seccomp_data call = call_of(number, row);
            uint32_t was = bpf_run(plain.program, plain.length, &call);
            uint32_t is = bpf_run(asking.program, asking.length, &call);
            bool denied = (was & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO;
            if (number == 435) /* clone3 */
                assert_int_equal(is, SECCOMP_RET_ERRNO | ENOSYS);
            else
                assert_int_equal(is, denied ? SECCOMP_RET_USER_NOTIF : was);
            asked += is == SECCOMP_RET_USER_NOTIF;
        }
    }
    assert_true(asked > 100);
}

static void the_answer_is_what_the_kernel_would_have_given(void **unused)
{
    (void)unused;
    for (int number = 0; number < 600; number++)
        for (size_t row = 0; row < COUNT(arguments); row++) {
            struct seccomp_data call = call_of(number, row);
            assert_int_equal(filter_answer(&plain, &call),
                             bpf_run(plain.program, plain.length, &call));
        }
}

static void a_foreign_architecture_is_not_asked_about(void **unused)
{
    (void)unused;
    struct seccomp_data call = { .nr = SYS_read, .arch = AUDIT_ARCH_I386 };
    assert_int_equal(bpf_run(asking.program, asking.length, &call) & SECCOMP_RET_ACTION_FULL,
                     SECCOMP_RET_KILL_PROCESS);
}

static void a_program_that_is_none_denies(void **unused)
{
    (void)unused;
    struct sock_filter strange[] = { BPF_STMT(BPF_MISC | BPF_TAX, 0),
                                     BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
    struct filter filter = { .program = strange, .length = 2 };
    struct seccomp_data call = { 0 };
    assert_int_equal(filter_answer(&filter, &call), SECCOMP_RET_ERRNO | ENOSYS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_denial_asks_and_nothing_else_changes),
        cmocka_unit_test(the_answer_is_what_the_kernel_would_have_given),
        cmocka_unit_test(a_foreign_architecture_is_not_asked_about),
        cmocka_unit_test(a_program_that_is_none_denies),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
