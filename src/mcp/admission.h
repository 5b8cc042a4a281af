/* SPDX-License-Identifier: Apache-2.0 */
/* admission.h - may this message be served to who sent it? Its scope, and how many came before.
 *
 * Judged when the message is parsed and before anything is done about it (session.h, struct
 * inspection), so that HTTP can say 403 and 429. Which calls need which scope is one table.
 */
#pragma once

#include <stdint.h>

#include <cordon/error.h>

struct owner;
struct rpc_message;

/* Codes of our own, beside those of JSON-RPC; named like their status in HTTP. */
enum admission_code { ADMISSION_SCOPE = 403, ADMISSION_RATE = 429 };

struct admission {
    struct owner *owner;
    unsigned scopes;  /* of the token (principal.h) */
    unsigned wanted;  /* after ADMISSION_SCOPE: what would do */
    unsigned retry_s; /* after ADMISSION_RATE: when to come back */
};

/* 0, or the code to refuse it with and *err (BLAME_POLICY). */
int admission_judge(struct admission *admission, const struct rpc_message *message,
                    struct error *err) must_check;
