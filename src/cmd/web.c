/* SPDX-License-Identifier: Apache-2.0 */
/* web.c - where `cordon serve` listens. */
#include "cmd/web.h"

#include <errno.h>
#include <string.h>

#include "net/listen.h"
#include "str.h"

/* "-": the configuration's. */
static int choose(const struct options *options, const struct config *config,
                  struct address *address, struct error *err)
{
    bool configured = options->http && strcmp(options->http, "-") == 0;
    if (options->http && options->unix_path)
        return fail_caller(err, EINVAL, "--http and --unix exclude each other");
    if (options->unix_path) {
        int r = address_of_path(options->unix_path, address, err);
        return r < 0 ? fail_within(err, "--unix") : 0;
    }
    if (configured && !config->http_address)
        return fail_caller(err, EINVAL, "--http -: the configuration has no http.address");
    int r = address_parse(configured ? config->http_address : options->http, address, err);
    return r < 0 ? fail_within(err, configured ? "http.address" : "--http") : 0;
}

int web_open(const struct options *options, const struct config *config, bool checked,
             struct web *ret, struct error *err)
{
    struct address address;
    *ret = (struct web){ .listener = -1 };
    if (!options->http && !options->unix_path)
        return 0;
    int r = choose(options, config, &address, err);
    if (r < 0)
        return r;
    const char *asked = options->unix_path ? options->unix_path : options->http;
    if (!address.local && !checked)
        return fail_host_as(err, EPERM,
                            "other machines could reach %s, and everybody there could run "
                            "scripts: configure http.tokens or http.oauth, or listen on 127.0.0.1",
                            asked);
    struct tls *tls = NULL;
    if (config->tls_certificate && !options->unix_path)
        r = tls_new(config->tls_certificate, config->tls_key, &tls, err);
    if (r < 0)
        return fail_within(err, "http.tls");
    int listener = address_listen(&address, err);
    if (listener < 0) {
        tls_free(tls);
        return fail_within(err, "%s", asked);
    }
    *ret = (struct web){ listener, address.local, address_text(listener), tls };
    return 0;
}

void web_done(struct web *web)
{
    own_close(&web->listener);
    free(web->where);
    tls_free(web->tls);
    *web = (struct web){ .listener = -1 };
}
