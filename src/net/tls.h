/* SPDX-License-Identifier: Apache-2.0 */
/* tls.h - connections with TLS under HTTP: by OpenSSL where it was built with it (CORDON_TLS),
 * src/tls/openssl.c, and else by nobody, src/tls/none.c.
 */
#pragma once

#include <cordon/error.h>

struct bufferevent;
struct event_base;
struct tls;

/* PEM files: the certificate with those between it and a known one, and its key. Before the cage:
 * nothing is read later. */
int tls_new(const char *certificate, const char *key, struct tls **ret,
            struct error *err) must_check;
void tls_free(struct tls *tls); /* NULL is fine; connections may outlive it */

/* One that begins with a handshake, and has no descriptor yet. */
struct bufferevent *tls_wrap(struct tls *tls, struct event_base *base);
