/* SPDX-License-Identifier: Apache-2.0 */
/* porter.c - who asks at the door. */
#include "cmd/porter.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cordon/log.h>

#include "auth/authority.h"
#include "cmd/trusted.h"
#include "fd.h"
#include "mcp/endpoint.h"
#include "mcp/gate.h"
#include "mcp/owner.h"
#include "mcp/rpc.h"
#include "net/http.h"
#include "str.h"

#define OAUTH_PROGRAM "cordon-oauth"

struct porter {
    const struct config *config;
    struct authority *authority;
    struct gate *gate;
    struct owners *owners;
};

bool porter_asks(const struct config *config)
{
    return config->tokens || config->oauth.issuer;
}

/* --- cordon-oauth ------------------------------------------------------------------------- */

/* In the child: nothing of ours is left to it but the socket. */
static _Noreturn void become_oauth(const char *path, const struct oauth *oauth,
                                   const struct account *account, int socket)
{
    struct error err;
    autolist char **words = NULL;
    static char *const no_environment[] = { NULL };
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    /* The account may find no way to it. Above the numbers that are given away here. */
    int program = fcntl(open(path, O_PATH | O_CLOEXEC), F_DUPFD_CLOEXEC, 10);
    list_add(&words, OAUTH_PROGRAM);
    list_add(&words, oauth->issuer);
    list_add(&words, oauth->audience);
    for (char *const *name = oauth->algorithms; *name; name++)
        list_add(&words, *name);
    bool ready = nothing >= 0 && program >= 0 && dup2(nothing, 0) == 0 && dup2(nothing, 1) == 1 &&
                 (socket == 3 ? fcntl(3, F_SETFD, 0) == 0 : dup2(socket, 3) == 3) && setsid() > 0;
    if (ready && (account->uid == 0 || confine_identity(account, &err) == 0))
        (void)fexecve(program, words, no_environment);
    _exit(127);
}

static int start_oauth(const struct oauth *oauth, const struct account *account, struct jwt **ret,
                       struct error *err)
{
    autofree char *path = NULL;
    int ends[2];
    if (helper_path(OAUTH_PROGRAM, &path, err) < 0)
        return fail_within(err, "http.oauth: cordon was built without it (no libcjose)");
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return fail_host(err, "make a socket for " OAUTH_PROGRAM);
    autoclose int ours = ends[0], theirs = ends[1];
    pid_t pid = fork();
    if (pid < 0)
        return fail_host(err, "start " OAUTH_PROGRAM);
    if (pid == 0)
        become_oauth(path, oauth, account, theirs);
    *ret = jwt_new(fd_take(&ours));
    return 0;
}

/* --- files ------------------------------------------------------------------------------------ */

typedef int taker(struct authority *authority, const char *text, size_t len, struct error *err);

static int read_now(struct porter *porter, const char *path, taker *take, struct error *err)
{
    autofree char *text = NULL;
    size_t len = 0;
    int r = trusted_read(path, TOKENS_BYTES_MAX, &text, &len, err);
    if (r == 0)
        r = take(porter->authority, text, len, err);
    if (text)
        explicit_bzero(text, len);
    return r;
}

int porter_open(const struct config *config, const struct account *account, struct porter **ret,
                struct error *err)
{
    struct porter *porter = xcalloc(1, sizeof(*porter));
    struct jwt *jwt = NULL;
    porter->config = config;
    int r = authority_new(config, &porter->authority, err);
    if (r == 0 && config->oauth.issuer)
        r = start_oauth(&config->oauth, account, &jwt, err);
    if (r == 0 && jwt) {
        authority_jwt(porter->authority, jwt);
        r = read_now(porter, config->oauth.keys, authority_keys, err);
    }
    if (r == 0 && config->tokens)
        r = read_now(porter, config->tokens, authority_tokens, err);
    if (r < 0)
        porter_close(porter);
    else
        *ret = porter;
    return r;
}

int porter_check(const struct config *config, struct error *err)
{
    struct porter porter = { .config = config };
    autofree char *keys = NULL;
    size_t len = 0;
    int r = authority_new(config, &porter.authority, err);
    if (r < 0)
        return r;
    if (config->tokens && (r = read_now(&porter, config->tokens, authority_tokens, err)) < 0)
        r = fail_within(err, "http.tokens");
    if (r == 0 && config->oauth.keys &&
        (r = trusted_read(config->oauth.keys, TOKENS_BYTES_MAX, &keys, &len, err)) < 0)
        r = fail_within(err, "http.oauth.keys");
    authority_free(porter.authority);
    return r;
}

void porter_close(struct porter *porter)
{
    if (!porter)
        return;
    authority_free(porter->authority);
    free(porter);
}

void porter_begin(struct porter *porter, struct gate *gate, struct owners *owners)
{
    porter->gate = gate;
    porter->owners = owners;
}

/* --- anew ------------------------------------------------------------------------------------- */

static void take_answer(struct porter *porter, const struct resolved *resolved, int fd, taker *take)
{
    autoclose int file = fd;
    autofree char *text = NULL;
    size_t len = 0;
    struct error err = resolved->error;
    int r = resolved->code != 0 ? -1 : fd_read_all(file, TOKENS_BYTES_MAX, &text, &len, &err);
    if (r == 0)
        r = take(porter->authority, text, len, &err);
    if (text)
        explicit_bzero(text, len);
    const char *what = take == authority_tokens ? "tokens" : "keys";
    if (r < 0)
        log_event(LOG_ERROR, "not-reloaded", KV("what", what), KV("reason", err.text));
    else
        log_event(LOG_INFO, "reloaded", KV("what", what));
}

static void on_tokens(void *context, const struct resolved *resolved, int fd)
{
    take_answer(context, resolved, fd, authority_tokens);
}

static void on_keys(void *context, const struct resolved *resolved, int fd)
{
    take_answer(context, resolved, fd, authority_keys);
}

void porter_reload(struct porter *porter)
{
    const struct {
        const char *path;
        enum resolve_what what;
        gate_answer *answer;
    } files[] = { { porter->config->tokens, RESOLVE_TOKENS, on_tokens },
                  { porter->config->oauth.keys, RESOLVE_KEYS, on_keys } };
    for (size_t i = 0; i < COUNT(files); i++) {
        uint32_t ticket;
        struct error err;
        const struct gate_ask ask = { .owner = OWNER_LOCAL,
                                      .what = files[i].what,
                                      .answer = files[i].answer,
                                      .context = porter };
        if (files[i].path && gate_ask(porter->gate, &ask, &ticket, &err) < 0)
            log_event(LOG_ERROR, "not-reloaded", KV("reason", err.text));
    }
}

/* --- each request ----------------------------------------------------------------------------- */

static struct owner *turn_away(const struct porter *porter, struct http_request *request,
                               enum unserved what, const struct error *err)
{
    autofree char *challenge =
        authority_challenge(porter->authority, what, SCOPE_RUN | SCOPE_JOBS | SCOPE_SCRIPTS,
                            err->text);
    const struct http_field fields[] = { { "WWW-Authenticate", challenge }, { 0 } };
    endpoint_refuse(request, unserved_status(what), fields, RPC_INVALID_REQUEST, err->text);
    return NULL;
}

struct owner *porter_authenticate(void *context, struct http_request *request, unsigned *scopes)
{
    const struct porter *porter = context;
    struct grant grant = { 0 };
    enum unserved what = UNSERVED_MALFORMED;
    struct error err = { 0 };
    if (http_header_count(request, "Authorization") > 1) {
        (void)fail_caller(&err, EINVAL, "header Authorization is there more than once");
        return turn_away(porter, request, what, &err);
    }
    const char *header = http_header(request, "Authorization");
    if (authority_judge(porter->authority, header, &grant, &what, &err) < 0) {
        if (err.blame == BLAME_HOST) {
            log_event(LOG_ERROR, "tokens-not-judged", KV("reason", err.text));
            endpoint_refuse(request, 503, NULL, RPC_INTERNAL_ERROR,
                            "tokens cannot be judged at the moment");
            return NULL;
        }
        return turn_away(porter, request, what, &err);
    }
    struct owner *owner = owner_find(porter->owners, grant.name);
    *scopes = grant.scopes;
    if (!owner) {
        (void)fail_caller(&err, EACCES, "nobody here has this token");
        return turn_away(porter, request, UNSERVED_INVALID, &err);
    }
    return owner;
}

bool porter_still(const struct porter *porter, const struct http_request *request,
                  const struct owner *owner)
{
    struct grant grant = { 0 };
    enum unserved what;
    struct error err;
    return authority_judge(porter->authority, http_header(request, "Authorization"), &grant, &what,
                           &err) == 0 &&
           strcmp(grant.name, owner->name) == 0;
}

char *porter_challenge(void *context, unsigned scopes)
{
    const struct porter *porter = context;
    return authority_challenge(porter->authority, UNSERVED_SCOPE, scopes,
                               "this token is not good for that");
}

struct json_object *porter_metadata(void *context)
{
    const struct porter *porter = context;
    return authority_metadata(porter->authority);
}
