/* SPDX-License-Identifier: Apache-2.0 */
/* jwt.h - JWTs, judged by a process of its own (libexec/cordon/cordon-oauth).
 *
 * Whoever sends a token has written what a library for JOSE then takes apart; so that happens
 * where there is nothing to be had: a cage like the front's, without its state. What crosses are
 * lines, on a socket that was made before the cages:
 *
 *     k KEYS     a JSON Web Key Set in one line   ok N, or no REASON
 *     t TOKEN    a JWT in compact form            ok EXPIRES <tab> SCOPES <tab> SUBJECT, or no
 * REASON
 *
 * EXPIRES are seconds of the epoch; SCOPES and SUBJECT have no control characters. Which
 * algorithms, issuer and audience are good the process has been told when it was started.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cordon/error.h>

#define JWT_MOST   8192
#define JWKS_MOST  ((size_t)256 * 1024)
#define JWT_SCOPES 1024
#define JWT_ANSWER (4 * JWT_MOST)

struct jwt;

/* Takes the socket. */
struct jwt *jwt_new(int socket);
void jwt_free(struct jwt *jwt); /* NULL is fine; the process ends */

int jwt_keys(struct jwt *jwt, const char *text, size_t len, struct error *err) must_check;

struct claims {
    int64_t expires_s; /* seconds of the epoch */
    char scopes[JWT_SCOPES];
    char subject[256];
};

/* BLAME_CALLER: the token is not good, and why, as its sender may hear it. BLAME_HOST: nobody can
 * say. Waits for the answer; one that was given is remembered for a minute. */
int jwt_check(struct jwt *jwt, const char *token, size_t len, struct claims *ret,
              struct error *err) must_check;
