/* SPDX-License-Identifier: Apache-2.0 */
#include "mcp/job_chart.h"

#include <errno.h>
#include <string.h>

#include "json.h"
#include "mcp/job_view.h"
#include "mcp/picture.h"
#include "mcp/resources.h"
#include "mcp/rpc.h"
#include "mcp/uri.h"
#include "str.h"

struct chart {
    struct call *call;
    char *uri;
    const char *type;
    struct picture *picture;
};

static struct call *chart_end(struct chart *chart)
{
    struct call *call = chart->call;
    free(chart->uri);
    free(chart);
    return call;
}

static void on_cancel(struct call *call, bool grace)
{
    struct chart *chart = call->work;
    (void)grace;
    picture_stop(chart->picture);
}

static void on_picture(void *context, struct json_object *block, const struct error *err)
{
    struct chart *chart = context;
    struct json_object *data = NULL;
    autojson struct json_object *drawn = block;
    if (!drawn || !json_object_object_get_ex(drawn, "data", &data)) {
        call_error(chart_end(chart), (int)blame_code(err->blame), err->text);
        return;
    }
    struct json_object *result = resource_blob(chart->uri, chart->type, json_object_get(data));
    call_answer(chart_end(chart), result);
}

/* Of who was refused, or is not done, there is nothing to show. */
static int result_of(const struct record *record, struct json_object **ret, struct error *err)
{
    struct json_object *usage = NULL;
    if (!job_status_ended(record->status))
        return fail_caller(err, ENOENT, "Job %s has no picture yet: it is %s", record->id,
                           job_status_name(record->status));
    autojson struct json_object *result =
        record->result ? json_tokener_parse(record->result) : NULL;
    if (!json_object_is_type(result, json_type_object) ||
        !json_object_object_get_ex(result, "usage", &usage))
        return fail_caller(err, ENOENT, "Job %s has no picture: nothing was measured", record->id);
    *ret = json_object_get(result);
    return 0;
}

static int begin(struct call *call, const struct record *record, const char *uri, const char *type,
                 struct error *err)
{
    autojson struct json_object *result = NULL;
    int r = result_of(record, &result, err);
    if (r < 0)
        return r;
    struct chart *chart = xcalloc(1, sizeof(*chart));
    chart->call = call;
    chart->uri = xstrdup(uri);
    chart->type = type;
    const struct picture_wish wish = { .result = result, .title = record->label };
    r = picture_begin(call->services, &wish, on_picture, chart, &chart->picture, err);
    if (r < 0) {
        (void)chart_end(chart);
        return r;
    }
    call->work = chart;
    call->cancel = on_cancel;
    return 0;
}

void job_chart_read(struct call *call, const char *uri, const char *type)
{
    struct record record;
    struct uri id;
    struct error err = { 0 };
    size_t len = strlen(uri) - strlen(CHART_HEAD) - strlen(CHART_TAIL);
    autofree char *text = xstrndup(uri + strlen(CHART_HEAD), len);
    int r = uri_parse(text, &id, &err);
    if (r == 0) {
        r = job_view_find(call->services, id.path, &record, &err);
        uri_done(&id);
    }
    if (r == 0) {
        r = begin(call, &record, uri, type, &err);
        record_done(&record);
    }
    if (r < 0)
        resource_error(call, uri, &err);
}
