/* SPDX-License-Identifier: Apache-2.0 */
#include <cjose/cjose.h>
#include <json-c/json.h>
#include <stdio.h>

#include "oauth/verify.h"
#include "str.h"
#include "unit.h"

/* --- an authorisation server -------------------------------------------------------------- */

#define ISSUER   "https://as.example"
#define AUDIENCE "https://h/mcp"
#define NOW      1800000000

enum signer { BY_RSA, BY_EC, BY_ANOTHER, BY_WEAK, BY_CURVE, BY_SECRET, SIGNERS };

static cjose_jwk_t *keys[SIGNERS];

static int make_keys(void **state)
{
    (void)state;
    cjose_err err;
    static const uint8_t three[] = { 1, 0, 1 };
    keys[BY_RSA] = cjose_jwk_create_RSA_random(2048, three, sizeof(three), &err);
    keys[BY_ANOTHER] = cjose_jwk_create_RSA_random(2048, three, sizeof(three), &err);
    keys[BY_WEAK] = cjose_jwk_create_RSA_random(1024, three, sizeof(three), &err);
    keys[BY_EC] = cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_256, &err);
    keys[BY_CURVE] = cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_384, &err);
    keys[BY_SECRET] = cjose_jwk_create_oct_random(256, &err);
    for (int i = 0; i < SIGNERS; i++)
        assert_non_null(keys[i]);
    (void)cjose_jwk_set_kid(keys[BY_RSA], "r1", 2, &err);
    (void)cjose_jwk_set_kid(keys[BY_EC], "e1", 2, &err);
    return 0;
}

static int end_keys(void **state)
{
    (void)state;
    for (int i = 0; i < SIGNERS; i++)
        (void)cjose_jwk_release(keys[i]);
    return 0;
}

static char *key_json(enum signer which, bool private)
{
    cjose_err err;
    char *text = cjose_jwk_to_json(keys[which], private, &err);
    assert_non_null(text);
    return text;
}

static char *set_of(const enum signer *which, size_t count)
{
    struct str text = { 0 };
    for (size_t i = 0; i < count; i++) {
        autofree char *one = key_json(which[i], false);
        str_printf(&text, "%s%s", i ? "," : "{\"keys\":[", one);
    }
    str_puts(&text, "]}");
    return str_take(&text);
}

static struct verifier *verifier_of(const char *set)
{
    static char *both[] = { (char *)(uintptr_t) "RS256", (char *)(uintptr_t) "ES256", NULL };
    struct verifier *verifier = NULL;
    struct error err = { 0 };
    assert_ok(verifier_new(ISSUER, AUDIENCE, both, &verifier, &err), &err);
    assert_ok(verifier_keys(verifier, set, strlen(set), &err), &err);
    return verifier;
}

static struct verifier *ours(void)
{
    autofree char *set = set_of((const enum signer[]){ BY_RSA, BY_EC }, 2);
    return verifier_of(set);
}

#define CLAIMS                                                                             \
    "{\"iss\":\"" ISSUER "\",\"aud\":\"" AUDIENCE "\",\"sub\":\"ann\",\"exp\":1800000060," \
    "\"scope\":\"run jobs\"}"

/* `more`: a further member of the header, text or an array; or NULL. The caller's. */
static char *token_with(enum signer by, const char *alg, const char *kid, const char *more,
                        const char *value, const char *claims)
{
    cjose_err err;
    const char *text = NULL;
    cjose_header_t *header = cjose_header_new(&err);
    assert_true(cjose_header_set(header, CJOSE_HDR_ALG, alg, &err));
    if (kid)
        assert_true(cjose_header_set(header, CJOSE_HDR_KID, kid, &err));
    if (more && *value == '[')
        assert_true(cjose_header_set_raw(header, more, value, &err));
    else if (more)
        assert_true(cjose_header_set(header, more, value, &err));
    cjose_jws_t *jws =
        cjose_jws_sign(keys[by], header, (const uint8_t *)claims, strlen(claims), &err);
    assert_non_null(jws);
    assert_true(cjose_jws_export(jws, &text, &err));
    char *copy = xstrdup(text);
    cjose_jws_release(jws);
    cjose_header_release(header);
    return copy;
}

static char *token(enum signer by, const char *alg, const char *kid, const char *claims)
{
    return token_with(by, alg, kid, NULL, NULL, claims);
}

static void accepted(const struct verifier *verifier, const char *text)
{
    struct verified verified = { 0 };
    struct error err = { 0 };
    assert_ok(verifier_check(verifier, text, strlen(text), NOW, &verified, &err), &err);
    assert_string_equal(verified.subject, "ann");
    verified_done(&verified);
}

static void refused(const struct verifier *verifier, const char *text, const char *words)
{
    struct verified verified = { 0 };
    struct error err = { 0 };
    if (verifier_check(verifier, text, strlen(text), NOW, &verified, &err) == 0)
        fail_msg("accepted, where \"%s\" is wanted: %s", words, text);
    assert_int_equal(err.blame, BLAME_CALLER);
    assert_says(&err, words);
    assert_null(verified.subject);
}

/* --- what is good ---------------------------------------------------------------------------- */

static void a_token_of_the_issuer_is_good(void **state)
{
    (void)state;
    struct verifier *verifier = ours();
    struct verified verified = { 0 };
    struct error err = { 0 };
    autofree char *rsa = token(BY_RSA, "RS256", "r1", CLAIMS);
    autofree char *ec = token(BY_EC, "ES256", NULL, CLAIMS);
    autofree char *typed = token_with(BY_EC, "ES256", "e1", "typ", "at+jwt", CLAIMS);
    assert_ok(verifier_check(verifier, rsa, strlen(rsa), NOW, &verified, &err), &err);
    assert_int_equal(verified.expires_s, 1800000060 + SKEW_S);
    assert_string_equal(verified.scopes, "run jobs");
    verified_done(&verified);
    accepted(verifier, ec);
    accepted(verifier, typed);
    verifier_free(verifier);
}

static void claims_are_judged_one_by_one(void **state)
{
    (void)state;
#define ISS "\"iss\":\"" ISSUER "\","
#define AUD "\"aud\":\"" AUDIENCE "\","
#define SUB "\"sub\":\"ann\","
#define EXP "\"exp\":1800000060"
    static const struct {
        const char *claims, *words; /* NULL: good */
    } rows[] = {
        { "{" ISS AUD SUB EXP "}", NULL },
        { "{" ISS "\"aud\":[\"x\",\"" AUDIENCE "\"]," SUB EXP "}", NULL },
        { "{" ISS AUD SUB "\"exp\":1800000000.5}", NULL },
        { "{" ISS AUD SUB "\"exp\":1799999971}", NULL }, /* another clock */
        { "{" ISS AUD SUB EXP ",\"nbf\":1800000029}", NULL },
        { "{" ISS AUD SUB "\"exp\":1799999970}", "it has expired" },
        { "{" ISS AUD SUB "\"exp\":\"1800000060\"}", "does not say when it expires" },
        { "{" ISS AUD SUB "\"exp\":-1}", "does not say when it expires" },
        { "{" ISS AUD SUB "\"exp\":1e300}", "does not say when it expires" },
        { "{" ISS AUD "\"sub\":\"ann\"}", "does not say when it expires" },
        { "{" ISS AUD SUB EXP ",\"nbf\":1800000031}", "not good yet" },
        { "{" ISS AUD SUB EXP ",\"nbf\":null}", "not good yet" },
        { "{" AUD SUB EXP "}", "another issuer's" },
        { "{\"iss\":\"" ISSUER "/\"," AUD SUB EXP "}", "another issuer's" },
        { "{\"iss\":\"" ISSUER "\\u0000\"," AUD SUB EXP "}", "another issuer's" },
        { "{" ISS SUB EXP "}", "meant for somebody else" },
        { "{" ISS "\"aud\":\"" AUDIENCE "2\"," SUB EXP "}", "meant for somebody else" },
        { "{" ISS "\"aud\":[\"x\"]," SUB EXP "}", "meant for somebody else" },
        { "{" ISS "\"aud\":[[\"" AUDIENCE "\"]]," SUB EXP "}", "meant for somebody else" },
        { "{" ISS AUD EXP "}", "does not say whose it is" },
        { "{" ISS AUD "\"sub\":\"\"," EXP "}", "does not say whose it is" },
        { "{" ISS AUD "\"sub\":7," EXP "}", "does not say whose it is" },
        { "{" ISS AUD "\"sub\":\"a\\tb\"," EXP "}", "does not say whose it is" },
        { "{" ISS AUD SUB EXP ",\"scope\":\"run\\nadmin\"}", "its scopes are none" },
        { "{" ISS ISS AUD SUB EXP "}", "its claims cannot be read" }, /* twice the same */
        { "[]", "its claims cannot be read" },
        { "{", "its claims cannot be read" },
    };
    struct verifier *verifier = ours();
    for (size_t i = 0; i < COUNT(rows); i++) {
        autofree char *text = token(BY_EC, "ES256", "e1", rows[i].claims);
        if (rows[i].words)
            refused(verifier, text, rows[i].words);
        else
            accepted(verifier, text);
    }
    verifier_free(verifier);
}

static void scopes_are_said_in_three_ways(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        { "\"scope\":\"run\"", "run" },
        { "\"scp\":\"run jobs\"", "run jobs" },
        { "\"scp\":[\"run\",7,\"jobs\"]", "run jobs" },
        { "\"scope\":[\"run\"]", "" },
        { "\"x\":1", "" },
    };
    struct verifier *verifier = ours();
    for (size_t i = 0; i < COUNT(rows); i++) {
        autofree char *claims = xasprintf("{" ISS AUD SUB EXP ",%s}", rows[i][0]);
        autofree char *text = token(BY_EC, "ES256", "e1", claims);
        struct verified verified = { 0 };
        struct error err = { 0 };
        assert_ok(verifier_check(verifier, text, strlen(text), NOW, &verified, &err), &err);
        assert_string_equal(verified.scopes, rows[i][1]);
        verified_done(&verified);
    }
    verifier_free(verifier);
}

/* --- what is forged --------------------------------------------------------------------------- */

static void a_token_of_another_key_is_refused(void **state)
{
    (void)state;
    struct verifier *verifier = ours();
    autofree char *other = token(BY_ANOTHER, "RS256", "r1", CLAIMS);
    autofree char *unnamed = token(BY_ANOTHER, "RS256", NULL, CLAIMS);
    autofree char *unknown = token(BY_RSA, "RS256", "r2", CLAIMS);
    autofree char *crossed = token(BY_RSA, "RS256", "e1", CLAIMS);
    refused(verifier, other, "its signature is not its issuer's");
    refused(verifier, unnamed, "its signature is not its issuer's");
    refused(verifier, unknown, "its key is none of its issuer's");
    refused(verifier, crossed, "its key is none of its issuer's");
    verifier_free(verifier);
}

static void the_algorithm_is_not_the_tokens_choice(void **state)
{
    (void)state;
    struct verifier *verifier = ours();
    static char *one[] = { (char *)(uintptr_t) "RS256", NULL };
    struct verifier *narrow = NULL;
    struct error err = { 0 };
    autofree char *set = set_of((const enum signer[]){ BY_RSA, BY_EC }, 2);
    autofree char *hmac = token(BY_SECRET, "HS256", NULL, CLAIMS);
    autofree char *longer = token(BY_RSA, "RS512", "r1", CLAIMS);
    autofree char *padded = token(BY_RSA, "PS256", "r1", CLAIMS);
    autofree char *curve = token(BY_CURVE, "ES384", NULL, CLAIMS);
    autofree char *ec = token(BY_EC, "ES256", "e1", CLAIMS);
    /* {"alg":"none"}, and no signature or one of something */
    static const char none[] = "eyJhbGciOiJub25lIn0.e30.", said[] = "eyJhbGciOiJub25lIn0.e30.AAAA";
    refused(verifier, hmac, "its algorithm is not one that is allowed");
    refused(verifier, longer, "its algorithm is not one that is allowed");
    refused(verifier, padded, "its algorithm is not one that is allowed");
    refused(verifier, curve, "its algorithm is not one that is allowed");
    refused(verifier, none, "no JWT");
    refused(verifier, said, "");
    assert_ok(verifier_new(ISSUER, AUDIENCE, one, &narrow, &err), &err);
    assert_ok(verifier_keys(narrow, set, strlen(set), &err), &err);
    refused(narrow, ec, "its algorithm is not one that is allowed");
    verifier_free(narrow);
    verifier_free(verifier);
}

static void a_header_that_asks_for_more_is_refused(void **state)
{
    (void)state;
    struct verifier *verifier = ours();
    autofree char *critical = token_with(BY_EC, "ES256", "e1", "crit", "[\"exp\"]", CLAIMS);
    autofree char *kind = token_with(BY_EC, "ES256", "e1", "typ", "dpop+jwt", CLAIMS);
    autofree char *odd = token_with(BY_EC, "ES256", "e1", "typ", "[7]", CLAIMS);
    refused(verifier, critical, "asks for what is not known here");
    refused(verifier, kind, "asks for what is not known here");
    refused(verifier, odd, "asks for what is not known here");
    verifier_free(verifier);
}

static void a_token_that_was_changed_is_refused(void **state)
{
    (void)state;
    struct verifier *verifier = ours();
    autofree char *good = token(BY_EC, "ES256", "e1", CLAIMS);
    size_t len = strlen(good), refusals = 0;
    /* The last letter of a part may have bits that mean nothing. */
    for (size_t i = 0; i < len; i++) {
        if (good[i] == '.' || good[i + 1] == '.' || i + 1 == len)
            continue;
        autofree char *text = xstrdup(good);
        text[i] = text[i] == 'A' ? 'B' : 'A';
        refused(verifier, text, "");
        refusals++;
    }
    assert_true(refusals > 100);
    for (size_t i = 0; i < len; i += 7) {
        autofree char *text = xstrndup(good, i);
        refused(verifier, text, "");
    }
    static const char *const rows[] = { "",
                                        ".",
                                        "..",
                                        "a.b",
                                        "a.b.c.d",
                                        "a.b.c",
                                        "a b.c.d",
                                        "eyJ9.e30.AA",
                                        "eyJhbGciOiJFUzI1NiJ9.e30.AAAAA",
                                        "eyJhbGciOiJFUzI1NiJ9.e30AA.AA",
                                        "A.A.A",
                                        "\xff.\xff.\xff",
                                        "=.=.=" };
    for (size_t i = 0; i < COUNT(rows); i++)
        refused(verifier, rows[i], "");
    verifier_free(verifier);
}

/* --- keys ------------------------------------------------------------------------------------- */

static void keys_that_are_not_for_this_are_left_out(void **state)
{
    (void)state;
    autofree char *rsa = key_json(BY_RSA, false), *ec = key_json(BY_EC, false);
    autofree char *curve = key_json(BY_CURVE, false);
    rsa[strlen(rsa) - 1] = '\0'; /* to be gone on with */
    autofree char *set =
        xasprintf("{\"keys\":[%s,\"use\":\"enc\"},%s,{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":"
                  "\"AA\"},%s]}",
                  rsa, curve, ec);
    struct verifier *verifier = verifier_of(set);
    autofree char *by_rsa = token(BY_RSA, "RS256", "r1", CLAIMS);
    autofree char *by_ec = token(BY_EC, "ES256", "e1", CLAIMS);
    refused(verifier, by_rsa, "its key is none of its issuer's");
    accepted(verifier, by_ec);
    verifier_free(verifier);
}

static void a_set_that_cannot_be_used_leaves_the_old_one(void **state)
{
    (void)state;
    autofree char *private = key_json(BY_RSA, true), *secret = key_json(BY_SECRET, true);
    autofree char *weak = key_json(BY_WEAK, false), *curve = key_json(BY_CURVE, false);
    char *sets[] = { xasprintf("{\"keys\":[%s]}", private), xasprintf("{\"keys\":[%s]}", secret),
                     xasprintf("{\"keys\":[%s]}", weak), xasprintf("{\"keys\":[%s]}", curve) };
    const struct {
        const char *text, *words;
    } rows[] = {
        { sets[0], "a key with the member \"d\"" },
        { sets[1], "a key with the member \"k\"" },
        { sets[2], "an RSA key of less than 2048" },
        { sets[3], "no key in it is one for" },
        { "{\"keys\":[]}", "no key in it is one for" },
        { "{\"keys\":[7]}", "an element of \"keys\" that is no object" },
        { "{\"keys\":{}}", "a JSON Web Key Set is wanted" },
        { "[]", "a JSON Web Key Set is wanted" },
        { "{", "column" },
        { "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAAA\",\"y\":\"AA\"}]}",
          "\"x\" is no base64url" },
        { "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"!\",\"y\":\"AA\"}]}",
          "a key that is none" },
    };
    struct verifier *verifier = ours();
    autofree char *good = token(BY_EC, "ES256", "e1", CLAIMS);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct error err = { 0 };
        assert_true(verifier_keys(verifier, rows[i].text, strlen(rows[i].text), &err) < 0);
        assert_int_equal(err.blame, BLAME_HOST);
        assert_says(&err, rows[i].words);
        accepted(verifier, good);
    }
    autofree char *next = set_of((const enum signer[]){ BY_ANOTHER }, 1);
    struct error err = { 0 };
    assert_int_equal(verifier_keys(verifier, next, strlen(next), &err), 1);
    refused(verifier, good, "its key is none of its issuer's");
    verifier_free(verifier);
    for (size_t i = 0; i < COUNT(sets); i++)
        free(sets[i]);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_token_of_the_issuer_is_good),
    cmocka_unit_test(claims_are_judged_one_by_one),
    cmocka_unit_test(scopes_are_said_in_three_ways),
    cmocka_unit_test(a_token_of_another_key_is_refused),
    cmocka_unit_test(the_algorithm_is_not_the_tokens_choice),
    cmocka_unit_test(a_header_that_asks_for_more_is_refused),
    cmocka_unit_test(a_token_that_was_changed_is_refused),
    cmocka_unit_test(keys_that_are_not_for_this_are_left_out),
    cmocka_unit_test(a_set_that_cannot_be_used_leaves_the_old_one),
};

int main(void)
{
    return cmocka_run_group_tests(tests, make_keys, end_keys);
}
