/* SPDX-License-Identifier: Apache-2.0 */
/* A policy file is refused with a line that names it, or becomes a filter the kernel can take. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "filter.h"
#include "policy.h"
#include "str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(const struct sandbox *sandbox, const struct policy *policy)
{
    struct error err = { 0 };
    assert(policy->name[0] && policy->digest[63]);
    for (size_t i = 0; i < policy->syscall_count; i++)
        assert(policy->syscalls[i].calls &&
               (policy->syscalls[i].allow || policy->syscalls[i].error));
    struct filter filter = { 0 };
    if (filter_for(sandbox, policy, &filter, &err) < 0)
        assert(strstr(err.text, "instructions"));
    filter_done(&filter);
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
