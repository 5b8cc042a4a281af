/* SPDX-License-Identifier: Apache-2.0 */
/* serve.c - `cordon serve`: whether there is a socket, and so a steward. */
#include "cmd/command.h"
#include "cmd/server.h"
#include "cmd/steward.h"
#include "cmd/web.h"
#include "config.h"

/* -1: standard input and output are served. */
static int find_listener(const struct options *options, struct config *config, int *listener,
                         struct error *err)
{
    *listener = -1;
    if (!options->http && !options->unix_path && !getenv("LISTEN_FDS"))
        return 0;
    int r = config_load(options->config, config, err);
    if (r < 0)
        return fail_within(err, "serve: configuration");
    r = web_listen(options, config, listener, err);
    return r < 0 ? fail_within(err, "serve: address") : 0;
}

int serve_command(const struct command *command, struct options *options)
{
    struct error err = { 0 };
    struct config config = { 0 };
    struct steward_link steward;
    int listener = -1;
    if (options->words[0]) {
        complain("%s takes no words; see cordon %s --help", command->name, command->name);
        return EXIT_UNUSABLE;
    }
    int r = steward_find(&steward, &err);
    if (r == 0 && steward.control < 0)
        r = find_listener(options, &config, &listener, &err);
    int status = r < 0          ? complain_error(&err)
                 : listener < 0 ? server_run(options, &steward)
                                : steward_serve(options, &config, listener);
    config_done(&config);
    return status;
}
