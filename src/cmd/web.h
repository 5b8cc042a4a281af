/* SPDX-License-Identifier: Apache-2.0 */
/* web.h - where `cordon serve` listens: --http ADDR:PORT, --unix PATH. */
#pragma once

#include <stdbool.h>

#include <cordon/error.h>

#include "cmd/options.h"
#include "config.h"
#include "net/tls.h"

struct web {
    int listener;    /* -1: nowhere; standard input and output are served */
    bool local;      /* nobody else's machine reaches it */
    char *where;     /* "127.0.0.1:8000", "unix:/run/cordon.sock"; owned */
    struct tls *tls; /* NULL: none; owned */
};

/* A socket that was passed (activation.h), else one of our own at the address of the options; -1
 * where neither was asked for. With the ids of who started us, and before the cage: nobody inside
 * can make a socket. */
int web_listen(const struct options *options, const struct config *config, int *listener,
               struct error *err) must_check;

/* Takes the listener, unless it fails. Where other machines would reach it and `checked` is false,
 * because no tokens are asked for: BLAME_HOST. */
int web_open(int listener, const struct config *config, bool checked, struct web *ret,
             struct error *err) must_check;
void web_done(struct web *web);
