/* SPDX-License-Identifier: Apache-2.0 */
/* verify.h - is this JWT one of our issuer's, for us, and good now? (RFC 7515, 7519, 9068)
 *
 * Signatures are libcjose's. What is good is decided here, before and after it: the algorithm is
 * one of ours and not the token's choice, and belongs to the kind of key; a key is one that anybody
 * may see; all claims are there. libcjose knows no EdDSA: RS256 and ES256 are what there is.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <cordon/error.h>

/* Two clocks that are set by different people. */
#define SKEW_S 30

#define KEYS_MAX 32

struct verifier;

/* Borrows the texts. Each algorithm must be one of "RS256" and "ES256" (BLAME_HOST). */
int verifier_new(const char *issuer, const char *audience, char *const *algorithms,
                 struct verifier **ret, struct error *err) must_check;
void verifier_free(struct verifier *verifier); /* NULL is fine */

/* From here on these are the keys, of a JSON Web Key Set; those of other kinds or for other uses
 * are left out. How many; none, a key that others must not see, or one too short: BLAME_HOST, and
 * the old ones stay. */
int verifier_keys(struct verifier *verifier, const char *text, size_t len,
                  struct error *err) must_check;

struct verified {
    int64_t expires_s;
    char *scopes, *subject; /* the caller's; scopes "" where the token says none */
};

/* BLAME_CALLER: it is not, and why; the reason has nothing of the token in it. */
int verifier_check(const struct verifier *verifier, const char *token, size_t len, int64_t now_s,
                   struct verified *ret, struct error *err) must_check;
void verified_done(struct verified *verified);
