/* SPDX-License-Identifier: Apache-2.0 */
/* check.c - a throw-away box, and a line per layer. */
#include "check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "env.h"
#include "errand.h"
#include "json_read.h"
#include "layers.h"
#include "policy_words.h"
#include "roots.h"
#include "str.h"

static bool is_good(const char *value)
{
    return strcmp(value, "on") == 0 || starts_with(value, "abi ") || starts_with(value, "enforced");
}

static void print_text(const struct errand_result *result, const struct policy *policy,
                       const struct error *verdict)
{
    for (size_t i = 0; i < result->started.layer_count; i++) {
        const struct layer *layer = &result->started.layers[i];
        const char *advice = is_good(layer->value) ? NULL : layers_advice(layer->name);
        printf("%-4s %-24s %s\n", is_good(layer->value) ? "yes" : "no", layer->name, layer->value);
        if (advice)
            printf("     %-24s -> %s\n", "", advice);
    }
    if (verdict->code)
        printf("\n%s\n", verdict->text);
    else
        printf("\neverything that policy %s requires holds here\n", policy->name);
}

static void print_quoted(const char *text)
{
    putchar('"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            putchar('\\');
        if ((unsigned char)*text < ' ')
            printf("\\u%04x", (unsigned char)*text);
        else
            putchar(*text);
    }
    putchar('"');
}

static void print_json(const struct errand_result *result, const struct policy *policy,
                       const struct error *verdict)
{
    printf("{\"ok\":%s,\"policy\":", verdict->code ? "false" : "true");
    print_quoted(policy->name);
    printf(",\"error\":");
    if (verdict->code)
        print_quoted(verdict->text);
    else
        printf("null");
    printf(",\"layers\":{");
    for (size_t i = 0; i < result->started.layer_count; i++) {
        printf(i ? "," : "");
        print_quoted(result->started.layers[i].name);
        putchar(':');
        print_quoted(result->started.layers[i].value);
    }
    printf("},\"advice\":{");
    bool first = true;
    for (size_t i = 0; i < result->started.layer_count; i++) {
        const struct layer *layer = &result->started.layers[i];
        const char *advice = is_good(layer->value) ? NULL : layers_advice(layer->name);
        if (!advice)
            continue;
        printf(first ? "" : ",");
        first = false;
        print_quoted(layer->name);
        putchar(':');
        print_quoted(advice);
    }
    printf("}}\n");
}

/* Runs the box; its failure is the verdict, not a failure of the check. */
static int try_box(const struct sandbox *sandbox, const char *name, const struct policy *policy,
                   struct errand_result *result, struct error *verdict)
{
    char *const argv[] = { (char *)(uintptr_t) "/bin/true", NULL };
    char *const env[] = { NULL };
    struct verdict witnessed;
    struct egress_order order;
    egress_order_begin(&order, policy, policy->limits.cpu_ms);
    struct errand errand = { .policy = name,
                             .argv = argv,
                             .env = env,
                             .control = -1,
                             .egress = policy->hosts_allowed ? &order : NULL,
                             .verdict = &witnessed,
                             .tell_workspace = true };
    int r = sandbox_enter(sandbox, verdict);
    if (r == 0)
        r = verdict_get(sandbox, true, &witnessed, verdict);
    if (r == 0)
        r = errand_run(sandbox, &errand, result, verdict);
    egress_order_done(&order);
    if (r == 0 && (result->outcome.end != END_EXITED || result->outcome.code != 0))
        r = fail_host_as(verdict, EIO, "the box does not run /bin/true: it ended by %s",
                         end_name(result->outcome.end));
    if (r == 0)
        return layers_require(policy, &result->started, verdict);
    if (result->started.layer_count == 0)
        layers_none("no box can be built here", &result->started);
    return r;
}

/* What a configuration names and is not there: one line each. A server would end, or begin and
 * refuse whoever comes. */
static bool configuration_holds(const struct sandbox *sandbox)
{
    static int (*const looks[])(const struct sandbox *sandbox,
                                struct error *err) = { roots_check, policies_of_clients,
                                                       policies_of_principals, uv_check };
    bool holds = true;
    for (size_t i = 0; sandbox->config.source && i < COUNT(looks); i++) {
        struct error err = { 0 };
        if (looks[i](sandbox, &err) == 0)
            continue;
        fprintf(stderr, "cordon: %s: %s\n", sandbox->config.source, err.text);
        holds = false;
    }
    return holds;
}

int check_command(const struct sandbox *sandbox, int argc, char *const *argv)
{
    bool json = false;
    const char *name = sandbox->config.default_policy;
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            json = true;
        } else if (strcmp(argv[i], "--policy") == 0 && i + 1 < argc) {
            name = argv[++i];
        } else {
            fprintf(stderr, "cordon: check: unknown argument %s (--json, --policy NAME|FILE)\n",
                    argv[i]);
            return 125;
        }
    }
    if (!configuration_holds(sandbox))
        return 125;
    autopolicy struct policy *policy = NULL;
    struct error verdict = { 0 };
    if (policy_is_file(name))
        policy_remember_file(sandbox, name); /* later it could not be told whose it is */
    if (policy_named(sandbox, name, &policy, &verdict) < 0) {
        fprintf(stderr, "cordon: %s\n", verdict.text);
        return 125;
    }
    struct errand_result result = { 0 };
    (void)try_box(sandbox, name, policy, &result, &verdict);
    if (json)
        print_json(&result, policy, &verdict);
    else
        print_text(&result, policy, &verdict);
    errand_result_done(&result);
    return verdict.code ? 1 : 0;
}
