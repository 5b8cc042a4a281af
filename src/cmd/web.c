/* SPDX-License-Identifier: Apache-2.0 */
/* web.c - where `cordon serve` listens. */
#include "cmd/web.h"

#include <errno.h>
#include <string.h>

#include "cmd/activation.h"
#include "cmd/porter.h"
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

static int keep_strangers_out(const char *where, bool local, bool checked, struct error *err)
{
    return local || checked
               ? 0
               : fail_host_as(err, EPERM,
                              "other machines could reach %s, and everybody there could run "
                              "scripts: configure http.tokens or http.oauth, or listen on "
                              "127.0.0.1",
                              where);
}

int web_listen(const struct options *options, const struct config *config, int *listener,
               struct error *err)
{
    struct address address;
    int r = activation_take(listener, err);
    if (r < 0 || *listener >= 0 || (!options->http && !options->unix_path))
        return r;
    const char *where = options->unix_path                ? options->unix_path
                        : strcmp(options->http, "-") == 0 ? config->http_address
                                                          : options->http;
    r = choose(options, config, &address, err);
    if (r == 0)
        r = keep_strangers_out(where, address.local, porter_asks(config), err);
    if (r < 0)
        return r;
    int fd = address_listen(&address, err);
    if (fd < 0)
        return fail_within(err, "%s", where);
    *listener = fd;
    return 0;
}

int web_open(int listener, const struct config *config, bool checked, struct web *ret,
             struct error *err)
{
    struct web web = { .listener = listener };
    if (listener < 0) {
        *ret = web;
        return 0;
    }
    web.local = address_is_local(listener);
    web.where = address_text(listener);
    int r = keep_strangers_out(web.where, web.local, checked, err);
    if (r == 0 && config->tls_certificate && !starts_with(web.where, "unix:")) {
        r = tls_new(config->tls_certificate, config->tls_key, &web.tls, err);
        if (r < 0)
            (void)fail_within(err, "http.tls");
    }
    if (r < 0) {
        web.listener = -1; /* still the caller's */
        web_done(&web);
        return r;
    }
    *ret = web;
    return 0;
}

void web_done(struct web *web)
{
    own_close(&web->listener);
    free(web->where);
    tls_free(web->tls);
    *web = (struct web){ .listener = -1 };
}
