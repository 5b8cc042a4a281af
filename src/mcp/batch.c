/* SPDX-License-Identifier: Apache-2.0 */
/* batch.c - several messages in one array, which one version has, and their answers in another. */
#include <errno.h>

#include "mcp/conversation.h"
#include "str.h"

/* Of the answers so far: then what is left is answered with an error, for each may be long. */
#define ANSWERS_BYTES_MAX (16UL * 1024 * 1024)

struct batch {
    struct sink sink; /* of all of them */
    size_t open;      /* that are to be answered, and one while they are read */
    bool requests;    /* there was one */
    struct str answers;
};

/* The last that goes ends it. */
static void batch_drop(struct batch *batch)
{
    if (--batch->open > 0)
        return;
    if (batch->requests && batch->answers.len > 0) {
        str_putc(&batch->answers, ']');
        batch->sink.answer(batch->sink.context, 0, batch->answers.data);
    } else if (batch->requests) {
        batch->sink.answer(batch->sink.context, 0, NULL);
    }
    str_done(&batch->answers);
    free(batch);
}

static void one_notify(void *context, const char *line)
{
    const struct batch *batch = context;
    batch->sink.notify(batch->sink.context, line);
}

static bool one_behind(void *context)
{
    const struct batch *batch = context;
    return batch->sink.behind(batch->sink.context);
}

static void one_answer(void *context, int code, const char *line)
{
    struct batch *batch = context;
    (void)code;
    if (line) {
        str_putc(&batch->answers, batch->answers.len > 0 ? ',' : '[');
        str_puts(&batch->answers, line);
    }
    batch_drop(batch);
}

enum taken batch_take(struct session *session, struct json_object *list, const struct sink *sink,
                      const struct inspection *inspection)
{
    struct batch *batch = xcalloc(1, sizeof(*batch));
    const struct sink own = {
        .notify = one_notify, .answer = one_answer, .behind = one_behind, .context = batch
    };
    batch->sink = *sink;
    batch->open = 1;
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct rpc_message message;
        struct error err = { 0 };
        batch->open++;
        int code = rpc_read_part(json_object_array_get_idx(list, i), &message, &err);
        if (code == 0 && message.id && batch->answers.len > ANSWERS_BYTES_MAX) {
            (void)fail_caller(&err, EOVERFLOW,
                              "the answers before are too long; ask for this alone");
            code = RPC_INTERNAL_ERROR;
        }
        if (session_take(session, &message, code, &err, &own, inspection) == TAKEN_ANSWERED)
            batch->requests = true;
        else
            batch->open--;
        rpc_done(&message);
    }
    bool requests = batch->requests;
    batch_drop(batch);
    return requests ? TAKEN_ANSWERED : TAKEN_SILENTLY;
}
