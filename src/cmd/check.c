/* SPDX-License-Identifier: Apache-2.0 */
/* check.c - `cordon check`: the files that the front would read, and then the sandbox's own look.
 */
#include "cmd/command.h"
#include "cmd/porter.h"
#include "config.h"
#include "net/tls.h"

static int check_tls(const struct config *config, struct error *err)
{
    struct tls *tls = NULL;
    if (!config->tls_certificate)
        return 0;
    int r = tls_new(config->tls_certificate, config->tls_key, &tls, err);
    tls_free(tls);
    return r < 0 ? fail_within(err, "http.tls") : 0;
}

/* What a server would end for when it begins. A configuration that cannot be read is the sandbox's
 * to complain of. */
static int check_files(const char *path, struct error *err)
{
    struct config config;
    struct error ignored = { 0 };
    if (config_load(path, &config, &ignored) < 0)
        return 0;
    int r = porter_check(&config, err);
    if (r == 0)
        r = check_tls(&config, err);
    if (r < 0)
        (void)fail_within(err, "%s", config.source ? config.source : "configuration");
    config_done(&config);
    return r;
}

int check_host_command(const struct command *command, struct options *options)
{
    struct error err = { 0 };
    return check_files(options->config, &err) < 0 ? complain_error(&err)
                                                  : forward_command(command, options);
}
