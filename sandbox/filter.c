/* SPDX-License-Identifier: Apache-2.0 */
/* filter.c - a policy's filter, whole and in numbers. */
#include "filter.h"

#include <stdlib.h>
#include <string.h>

#include "filter_parts.h"
#include "str.h"

int filter_for(const struct sandbox *sandbox, const struct policy *policy, struct filter *ret,
               struct error *err)
{
    if (policy->program_length > 0) {
        size_t len = policy->program_length * sizeof(struct sock_filter);
        ret->program = xcalloc(1, len);
        memcpy(ret->program, policy->program, len);
        ret->length = policy->program_length;
        return 0;
    }
    struct call_table table;
    int r = call_table_make(sandbox, policy, &table, err);
    if (r < 0)
        return r;
    r = filter_compile(&table, ret, err);
    call_table_done(&table);
    return r < 0 ? fail_within(err, "policy %s", policy->name) : 0;
}

void filter_done(struct filter *filter)
{
    free(filter->program);
    *filter = (struct filter){ 0 };
}

int filter_print(const struct sandbox *sandbox, const struct policy *policy, FILE *out,
                 struct error *err)
{
    struct call_table table;
    int r = call_table_make(sandbox, policy, &table, err);
    if (r < 0)
        return r;
    r = filter_describe(&table, out, err);
    call_table_done(&table);
    return r;
}

int filter_reachable(const struct sandbox *sandbox, const struct policy *policy, struct error *err)
{
    struct call_table table;
    int r = call_table_make(sandbox, policy, &table, err);
    if (r < 0)
        return r;
    int count = 0;
    for (size_t i = 0; i < table.count; i++)
        count += call_is_reachable(&table.calls[i]);
    call_table_done(&table);
    return count;
}
