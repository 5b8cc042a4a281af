/* SPDX-License-Identifier: Apache-2.0 */
/* A policy file is refused with a line that names it, or becomes a filter the kernel can take;
 * what is kept of it comes back as it was. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "filter.h"
#include "policy.h"
#include "policy_keep.h"
#include "str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void keep(const struct policy *policy)
{
    struct error err = { 0 };
    autostr struct str flat = { 0 }, again = { 0 };
    autopolicy struct policy *back = NULL;
    policy_flatten(policy, &flat);
    int r = policy_unflatten(flat.data, flat.len, &back, &err);
    assert(r == 0 && back);
    policy_flatten(back, &again);
    assert(flat.len == again.len && memcmp(flat.data, again.data, flat.len) == 0);
}

static void judge(const struct sandbox *sandbox, const struct policy *policy)
{
    struct error err = { 0 };
    assert(policy->name[0]);
    for (size_t i = 0; i < policy->syscall_count; i++)
        assert(policy->syscalls[i].calls &&
               (policy->syscalls[i].allow || policy->syscalls[i].error));
    struct filter filter = { 0 };
    if (filter_for(sandbox, policy, &filter, &err) < 0)
        assert(strstr(err.text, "instructions"));
    filter_done(&filter);
    keep(policy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char shipped[] = SOURCE_DIR "/policies";
    char *dirs[] = { shipped, NULL };
    struct sandbox sandbox = { .policy_dirs = dirs, .state_fd = -1 };
    struct error err = { 0 };
    autopolicy struct policy *policy = NULL;
    if (policy_parse(&sandbox, "fuzz.json", (const char *)data, size, &policy, &err) < 0)
        assert(!policy && starts_with(err.text, "fuzz.json: line "));
    else
        judge(&sandbox, policy);
    return 0;
}
