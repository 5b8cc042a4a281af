/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/bench_extras.h"

#include <errno.h>
#include <stdlib.h>

#include "cmd/chart.h"
#include "json.h"
#include "run/picture.h"
#include "run/result.h"
#include "str.h"

/* Open from the check on: no script that runs meanwhile can lead us elsewhere. */
static struct chart_file chart = { .option = "--chart", .directory = -1 };

static int chart_check(const struct options *options, struct error *err)
{
    autofree char *workspace = options->directory ? realpath(options->directory, NULL) : NULL;
    chart.path = options->chart;
    return chart_open(&chart, workspace, err);
}

static int chart_make(const struct options *options, struct json_object *object, struct error *err)
{
    if (!options->chart)
        return 0;
    struct json_object *document autojson = picture_document(object, options->code);
    size_t len;
    const char *text = result_text(document, &len);
    int r = chart_write(&chart, options, text, len, err);
    chart_close(&chart);
    return r;
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
