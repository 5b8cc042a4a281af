/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - cordon-oauth ISSUER AUDIENCE ALGORITHM...: judges JWTs, line by line, on the socket 3
 * (auth/jwt.h), in a cage. Ends with the other end of the socket. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "auth/jwt.h"
#include "clock.h"
#include "cmd/self_confine.h"
#include "oauth/verify.h"
#include "str.h"

#define SOCKET 3

#if defined(__SANITIZE_ADDRESS__)
/* A leak checker wants a process of its own; the unit tests look for leaks. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}
#endif

static void answer(FILE *stream, const struct error *err, const char *rest)
{
    if (rest)
        (void)fprintf(stream, "ok %s\n", rest);
    else
        (void)fprintf(stream, "no %s\n", err->text);
    (void)fflush(stream);
}

static void take_keys(struct verifier *verifier, const char *text, size_t len, FILE *stream)
{
    struct error err = { 0 };
    char count[16];
    int r = verifier_keys(verifier, text, len, &err);
    (void)snprintf(count, sizeof(count), "%d", r);
    answer(stream, &err, r < 0 ? NULL : count);
}

static void judge(const struct verifier *verifier, const char *token, size_t len, FILE *stream)
{
    struct error err = { 0 };
    struct verified verified = { 0 };
    if (verifier_check(verifier, token, len, now_epoch_ms() / 1000, &verified, &err) < 0) {
        answer(stream, &err, NULL);
        return;
    }
    autofree char *rest =
        xasprintf("%" PRId64 "\t%s\t%s", verified.expires_s, verified.scopes, verified.subject);
    answer(stream, &err, rest);
    verified_done(&verified);
}

static int confine(struct error *err)
{
    if (!confine_possible())
        return 0;
    int r = confine_privileges(err);
    if (r == 0)
        r = confine_files(-1, err);
    if (r >= 0)
        r = confine_resources(err);
    return r < 0 ? r : confine_calls(false, err);
}

static int serve(struct verifier *verifier, FILE *in, FILE *out)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t len;
    while ((len = getline(&line, &room, in)) > 2) {
        line[--len] = '\0';
        if (line[0] == 'k' && line[1] == ' ')
            take_keys(verifier, line + 2, (size_t)len - 2, out);
        else if (line[0] == 't' && line[1] == ' ')
            judge(verifier, line + 2, (size_t)len - 2, out);
        else
            break; /* nobody of ours says that */
    }
    free(line);
    return 0;
}

int main(int argc, char **argv)
{
    struct error err = { 0 };
    struct verifier *verifier = NULL;
    if (argc < 4) {
        (void)fprintf(stderr, "usage: cordon-oauth ISSUER AUDIENCE ALGORITHM... 3<>SOCKET\n");
        return 1;
    }
    FILE *in = fdopen(SOCKET, "r"), *out = fdopen(dup(SOCKET), "w");
    int r = in && out ? verifier_new(argv[1], argv[2], argv + 3, &verifier, &err)
                      : fail_host(&err, "use the socket 3");
    if (r == 0)
        r = confine(&err);
    if (r < 0) {
        (void)fprintf(stderr, "cordon-oauth: %s\n", err.text);
        return 1;
    }
    r = serve(verifier, in, out);
    verifier_free(verifier);
    (void)fclose(in);
    (void)fclose(out);
    return r;
}
