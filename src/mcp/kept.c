/* SPDX-License-Identifier: Apache-2.0 */
/* kept.c - what of a live job lies in the state directory. */
#include "mcp/kept.h"

#include <errno.h>
#include <string.h>

#include <cordon/log.h>

#include "clock.h"
#include "mcp/owed.h"
#include "str.h"

static void tell(struct kept *kept, const struct record *record, const struct error *err)
{
    if (!kept->told)
        log_event(LOG_ERROR, "not-kept", KV("job", record->id), KV("reason", err->text));
    kept->told = true;
}

static void write_progress(struct kept *kept, const struct record *record)
{
    struct error err;
    kept->behind = false;
    if (store_progress(kept->store, record->id, &record->progress, &err) < 0)
        tell(kept, record, &err);
}

/* All of what the captures took, as long as that is not more than their heads hold. */
static void write_heads(struct kept *kept, const struct record *record,
                        const struct capture output[2])
{
    struct error err;
    kept->writer = output_begin(kept->outputs, record->id);
    for (int i = 0; i < 2; i++)
        if (output[i].head.len > 0 &&
            output_append(kept->writer, i + 1, output[i].head.data, output[i].head.len, &err) < 0)
            tell(kept, record, &err);
}

int kept_begin(struct kept *kept, const struct record *record, const struct capture output[2],
               struct error *err)
{
    if (kept->begun)
        return 0;
    if (!kept->store)
        return fail_host_as(err, ENOENT, "this server keeps no jobs");
    int r = store_add(kept->store, record, err);
    if (r < 0)
        return r;
    kept->begun = true;
    if (kept->behind)
        write_progress(kept, record);
    write_heads(kept, record, output);
    return 0;
}

void kept_try(struct kept *kept, const struct record *record, const struct capture output[2])
{
    struct error err;
    if (kept->store && kept_begin(kept, record, output, &err) < 0)
        tell(kept, record, &err);
}

void kept_started(struct kept *kept, const struct record *record)
{
    struct error err;
    if (kept->begun && store_started(kept->store, record->id, record->started_ms, &err) < 0)
        tell(kept, record, &err);
}

bool kept_progress(struct kept *kept, const struct record *record)
{
    uint64_t now = now_ns();
    kept->behind = true;
    if (!kept->begun)
        return false; /* kept_begin() writes it */
    if (now < kept->next_ns)
        return true;
    kept->next_ns = now + KEPT_PROGRESS_MS * NS_PER_MS;
    write_progress(kept, record);
    return false;
}

void kept_output(struct kept *kept, const struct record *record, int stream, const void *bytes,
                 size_t len)
{
    struct error err;
    if (kept->begun && output_append(kept->writer, stream, bytes, len, &err) < 0)
        tell(kept, record, &err);
}

bool kept_whole(const struct kept *kept)
{
    return kept->begun && output_lost(kept->writer) == 0;
}

/* The record first: output without one would be nobody's. */
static int keep_all(struct kept *kept, const struct record *record, const struct capture output[2],
                    struct error *err)
{
    bool added;
    int r = store_import(kept->store, record, 1, &added, err);
    if (r >= 0)
        write_heads(kept, record, output);
    return r;
}

void kept_end(struct kept *kept, struct record *record, const struct capture output[2])
{
    struct error err;
    bool known = kept->begun;
    int r = 0;
    if (kept->store && !kept->begun)
        r = keep_all(kept, record, output, &err);
    if (kept->begun && kept->behind)
        write_progress(kept, record);
    if (kept->begun)
        r = store_end(kept->store, record, &err);
    if (r < 0)
        tell(kept, record, &err);
    if (r < 0 && r != -ESTALE) /* else somebody has ended it, and that stands */
        owed_add(kept->owed, record, known);
    kept_done(kept);
}

void kept_done(struct kept *kept)
{
    output_end(kept->writer);
    kept->writer = NULL;
    kept->begun = false;
}
