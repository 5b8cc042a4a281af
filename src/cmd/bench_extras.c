/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/bench_extras.h"

#include <errno.h>

static int chart_check(const struct options *options, struct error *err)
{
    return options->chart ? fail_caller(err, ENOSYS, "--chart: not yet") : 0;
}

static int chart_make(const struct options *options, struct json_object *object, struct error *err)
{
    (void)options;
    (void)object;
    (void)err;
    return 0;
}

static const struct extra {
    int (*check)(const struct options *options, struct error *err);
    int (*make)(const struct options *options, struct json_object *object, struct error *err);
} extras[] = {
    { chart_check, chart_make },
};

int bench_extras_check(const struct options *options, struct error *err)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < COUNT(extras); i++)
        r = extras[i].check(options, err);
    return r;
}

int bench_extras_make(const struct options *options, struct json_object *object, struct error *err)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < COUNT(extras); i++)
        r = extras[i].make(options, object, err);
    return r;
}
