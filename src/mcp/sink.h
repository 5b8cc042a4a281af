/* SPDX-License-Identifier: Apache-2.0 */
/* sink.h - where what is said about one message goes: who carries bytes gives one along.
 *
 * The conversation does not know whether a line becomes one on standard output, an event of
 * a stream, or the body of a response. Lines are JSON without an end of line, valid during
 * the call only.
 */
#pragma once

#include <stdbool.h>

struct sink {
    /* Something about this request before its answer: progress, a log message, a request of
     * ours to a client of the legacy era, the notifications of a subscription. */
    void (*notify)(void *context, const char *line);

    /* The last there is to say, exactly once; the context is not used afterwards. `code`: 0, or
     * the JSON-RPC code of an error (rpc.h), from which HTTP takes its status. `line` NULL: the
     * client wants no answer any more, as it cancelled or has gone. */
    void (*answer)(void *context, int code, const char *line);

    /* Closes what carries this request before its answer; what is said later waits for the client
     * to come back for it. NULL: the carrier cannot. */
    void (*leave)(void *context);

    /* Has the client much to read already? What can be left out then is. */
    bool (*behind)(void *context);

    void *context;
};
