/* SPDX-License-Identifier: Apache-2.0 */
/* test_steps.c - whichever step of the straight line fails, it is named and nothing runs.
 *
 * Builds real boxes, so it needs what cordon needs: root, or user namespaces.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "fd.h"
#include "plan.h"
#include "policy.h"
#include "supervise.h"
#include "unit.h"

#define TEXT(text) ((char *)(uintptr_t)(text))

static char state[] = "/tmp/cordon-steps-XXXXXX";
static struct sandbox sandbox;

static int set_up(void **unused)
{
    (void)unused;
    struct error err = { 0 };
    assert_non_null(mkdtemp(state));
    (void)signal(SIGPIPE, SIG_IGN); /* as main() does */
    struct sandbox_options options = { .state = state,
                                       .policies = SOURCE_DIR "/policies",
                                       .oneshot = true };
    assert_ok(sandbox_init(&options, &sandbox, &err), &err);
    assert_ok(sandbox_enter(&sandbox, &err), &err);
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    struct error err = { 0 };
    sandbox_done(&sandbox);
    return tree_remove(AT_FDCWD, state, &err);
}

struct result {
    struct outcome outcome;
    char *output;
};

/* A box that prints a word, with one step broken. */
static struct result run_broken(const char *step)
{
    struct error err = { 0 };
    autopolicy struct policy *policy = NULL;
    assert_ok(policy_load(&sandbox, "default", &policy, &err), &err);
    struct identity identity;
    assert_ok(identity_take(&sandbox, -1, true, &identity, &err), &err);
    int out[2], nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    assert_return_code(pipe2(out, O_CLOEXEC), errno);
    char *argv[] = { TEXT("/bin/echo"), TEXT("ran"), NULL }, *env[] = { NULL };
    struct plan_request request = { .policy = policy,
                                    .limits = policy->limits,
                                    .workspace_fd = -1,
                                    .script = -1,
                                    .argv = argv,
                                    .env = env,
                                    .stdio = { nothing, out[1], nothing } };
    struct plan plan;
    assert_ok(plan_make(&sandbox, &request, &identity, &plan, &err), &err);
    plan.broken_step = step;
    struct cgroup cgroup;
    assert_ok(cgroup_make(&sandbox, &plan.limits, &cgroup, &err), &err);
    struct box box;
    assert_ok(box_start(&plan, &cgroup, &box, &err), &err);
    close(out[1]);
    struct str text = { 0 };
    struct supervision run = { .box = &box,
                               .cgroup = &cgroup,
                               .limits = &plan.limits,
                               .control = -1,
                               .feed = -1,
                               .drains = { { out[0], 100, &text }, { .fd = -1 } } };
    struct result result;
    supervise(&run, &result.outcome);
    result.output = str_take(&text);
    box_done(&box);
    cgroup_remove(&cgroup);
    plan_done(&plan);
    identity_drop(&identity);
    close(nothing);
    return result;
}

static void an_unbroken_line_runs_the_payload(void **unused)
{
    (void)unused;
    struct result result = run_broken(NULL);
    assert_int_equal(result.outcome.end, END_EXITED);
    assert_int_equal(result.outcome.code, 0);
    assert_string_equal(result.output, "ran\n");
    free(result.output);
}

static void a_broken_step_is_named_and_nothing_runs(void **unused)
{
    (void)unused;
    size_t count = 0;
    for (const char *const *step = confine_steps(); *step; step++, count++) {
        struct result result = run_broken(*step);
        assert_int_equal(result.outcome.end, END_FAULT);
        assert_says(&result.outcome.error, *step);
        assert_string_equal(result.output, "");
        free(result.output);
    }
    assert_true(count > 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unbroken_line_runs_the_payload),
        cmocka_unit_test(a_broken_step_is_named_and_nothing_runs),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
