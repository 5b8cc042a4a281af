/* SPDX-License-Identifier: Apache-2.0 */
/* openssl.c - connections with TLS, by OpenSSL and libevent. */
#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>

#include "net/tls.h"

/* OpenSSL counts who holds its context: each connection does. */
#define CONTEXT(tls) ((SSL_CTX *)(void *)(tls))

static int fail(SSL_CTX *context, const char *what, const char *path, struct error *err)
{
    char reason[160] = "";
    ERR_error_string_n(ERR_get_error(), reason, sizeof(reason));
    ERR_clear_error();
    SSL_CTX_free(context);
    return fail_host_as(err, EINVAL, "%s %s: %s", what, path, reason);
}

/* What both sides speak inside: nothing but HTTP/1.1 (RFC 7301). */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *len,
                           const unsigned char *offered, unsigned offered_len, void *context)
{
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *chosen = NULL;
    (void)ssl;
    (void)context;
    if (SSL_select_next_proto(&chosen, len, ours, sizeof(ours) - 1, offered, offered_len) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

int tls_new(const char *certificate, const char *key, struct tls **ret, struct error *err)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (!context || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1)
        return fail(context, "begin", "TLS", err);
    (void)SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    (void)SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS); /* of those that are idle */
    (void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1)
        return fail(context, "read the certificate", certificate, err);
    if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
        return fail(context, "read the key", key, err);
    *ret = (struct tls *)(void *)context;
    return 0;
}

void tls_free(struct tls *tls)
{
    SSL_CTX_free(CONTEXT(tls));
}

struct bufferevent *tls_wrap(struct tls *tls, struct event_base *base)
{
    SSL *ssl = SSL_new(CONTEXT(tls));
    struct bufferevent *bytes =
        ssl ? bufferevent_openssl_socket_new(base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING,
                                             BEV_OPT_CLOSE_ON_FREE)
            : NULL;
    if (!bytes)
        abort();
    /* An end without a farewell ends nothing early: each length was said. */
    bufferevent_openssl_set_allow_dirty_shutdown(bytes, 1);
    return bytes;
}
