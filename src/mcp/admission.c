/* SPDX-License-Identifier: Apache-2.0 */
/* admission.c - scopes and rates of one message. */
#include "mcp/admission.h"

#include <errno.h>
#include <string.h>

#include "clock.h"
#include "json.h"
#include "mcp/owner.h"
#include "mcp/prompts.h"
#include "mcp/rpc.h"
#include "str.h"

/* What begins with `name` needs each of these scopes; the first row that fits decides. What is in
 * no row needs none: lists show what the token is good for. */
static const struct row {
    const char *method;
    const char *member; /* of the parameters, where the method alone does not say it */
    const char *name;
    unsigned scopes;
} rows[] = {
    { "tools/call", "name", "py_run_saved_script", SCOPE_RUN | SCOPE_SCRIPTS },
    { "tools/call", "name", "py_run_", SCOPE_RUN },
    { "tools/call", "name", "py_benchmark_script", SCOPE_RUN },
    { "tools/call", "name", "py_save_script", SCOPE_SCRIPTS },
    { "tools/call", "name", "py_list_scripts", SCOPE_SCRIPTS },
    { "tools/call", "name", "py_job_status", SCOPE_JOBS },
    { "tools/call", "name", "py_list_jobs", SCOPE_JOBS },
    { "tools/call", "name", "py_cancel_job", SCOPE_JOBS },
    { "tools/call", "name", "py_prune_jobs", SCOPE_JOBS },
    { "prompts/get", "name", PROMPT_JOB, SCOPE_JOBS },
    { "prompts/get", "name", PROMPT_SAVED, SCOPE_SCRIPTS },
    { "resources/", "uri", "job-stream:", SCOPE_JOBS },
    { "resources/", "uri", "cordon://jobs/", SCOPE_JOBS },
    { "resources/", "uri", "cordon://scripts/", SCOPE_SCRIPTS },
    { "resources/", "uri", "cordon://metrics", SCOPE_ADMIN },
    { "tasks/", NULL, NULL, SCOPE_RUN }, /* whoever was given one may wait for it */
};

static bool begins(struct json_object *value, const char *name)
{
    return json_object_is_type(value, json_type_string) &&
           starts_with(json_object_get_string(value), name);
}

static unsigned scopes_of(const char *method, struct json_object *params)
{
    struct json_object *value;
    for (size_t i = 0; i < COUNT(rows); i++)
        if (starts_with(method, rows[i].method) &&
            (!rows[i].member || (json_object_object_get_ex(params, rows[i].member, &value) &&
                                 begins(value, rows[i].name))))
            return rows[i].scopes;
    return 0;
}

/* What each that is listened to would need if it were asked for. */
static unsigned scopes_of_news(struct json_object *params)
{
    static const struct {
        const char *list, *method, *member;
    } kinds[] = { { "resourceSubscriptions", "resources/read", "uri" },
                  { "taskIds", "tasks/get", "taskId" } };
    struct json_object *wanted, *list;
    unsigned scopes = 0;
    if (!json_object_object_get_ex(params, "notifications", &wanted))
        return 0;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (!json_object_is_type(wanted, json_type_object) ||
            !json_object_object_get_ex(wanted, kinds[i].list, &list) ||
            !json_object_is_type(list, json_type_array))
            continue;
        for (size_t j = 0; j < json_object_array_length(list); j++) {
            autojson struct json_object *one = json_object_new_object();
            json_object_object_add(one, kinds[i].member,
                                   json_object_get(json_object_array_get_idx(list, j)));
            scopes |= scopes_of(kinds[i].method, one);
        }
    }
    return scopes;
}

static unsigned scopes_for(const struct rpc_message *message)
{
    return strcmp(message->method, "subscriptions/listen") == 0
               ? scopes_of_news(message->params)
               : scopes_of(message->method, message->params);
}

int admission_judge(struct admission *admission, const struct rpc_message *message,
                    struct error *err)
{
    if (!admission->owner || !message->id || !message->method)
        return 0;
    admission->wanted = scopes_for(message);
    if ((admission->wanted & ~admission->scopes) != 0) {
        autofree char *words = scopes_print(admission->wanted);
        (void)fail_policy(err, EACCES,
                          "this token is not good for that; wanted is the scope \"%s\"", words);
        return ADMISSION_SCOPE;
    }
    uint64_t wait_ns = 0;
    if (strcmp(message->method, "ping") != 0 &&
        owner_call(admission->owner, now_ns(), &wait_ns, err) < 0) {
        admission->retry_s = (unsigned)((wait_ns + NS_PER_S - 1) / NS_PER_S);
        return ADMISSION_RATE;
    }
    return 0;
}
