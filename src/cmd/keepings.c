/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/keepings.h"

#include <cordon/log.h>

int keepings_make(int front, const struct error *reason, const struct config *config,
                  struct keepings *ret, struct error *err)
{
    struct error problem = { 0 };
    const struct bounds bounds = { .count = config->jobs_keep,
                                   .age_ms = config->jobs_max_age_ms,
                                   .bytes = config->jobs_max_bytes };
    int r = outputs_open(front, &ret->outputs, err);
    if (r < 0)
        return r;
    if (front < 0) {
        ret->store = store_absent(reason);
        return 0;
    }
    r = store_new(front, STORE_KEEPER, &ret->store, err);
    if (r < 0)
        return r;
    /* Without it the store grows, and serves. */
    if (tidy_start(front, &bounds, &ret->tidy, &problem) < 0)
        log_event(LOG_WARN, "store-untidy", KV("reason", problem.text));
    store_tidied(ret->store, ret->tidy);
    return 0;
}

void keepings_connect(struct keepings *keepings, const char *path)
{
    struct error err = { 0 };
    if (store_connect(keepings->store, &err) < 0)
        log_event(LOG_WARN, "jobs-not-kept", KV("state", path), KV("reason", err.text));
    else
        tidy_wake(keepings->tidy);
}

void keepings_done(struct keepings *keepings)
{
    tidy_stop(keepings->tidy);
    store_close(keepings->store);
    outputs_close(keepings->outputs);
    *keepings = (struct keepings){ 0 };
}
