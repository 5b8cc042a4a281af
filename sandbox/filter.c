/* SPDX-License-Identifier: Apache-2.0 */
/* filter.c - a policy's filter: recalled where it was kept, else compiled and kept. */
#include "filter.h"

#include <stdlib.h>

#include "filter_parts.h"

int filter_for(const struct sandbox *sandbox, const struct policy *policy, struct filter *ret,
               struct error *err)
{
    struct error none;
    if (filter_recall(sandbox, policy, ret, &none) == 0)
        return 0;
    struct call_table table;
    int r = call_table_make(sandbox, policy, &table, err);
    if (r < 0)
        return r;
    r = filter_compile(&table, ret, err);
    call_table_done(&table);
    if (r < 0)
        return fail_within(err, "policy %s", policy->name);
    filter_keep(sandbox, policy, ret);
    return 0;
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
