/* SPDX-License-Identifier: Apache-2.0 */
/* verify.c - keys in, tokens judged. */
#include "oauth/verify.h"

#include <cjose/cjose.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "str.h"

/* Of RSA, in base64url: 2048 bits, and more than anybody uses. */
#define MODULUS_LEAST 342
#define MODULUS_MOST  2732

#define SUBJECT_MOST 255
#define SCOPES_MOST  1023

struct algorithm {
    const char *name, *kind; /* RFC 7518: "alg", and "kty" of its keys */
    const char *curve;       /* "crv", or NULL */
};

static const struct algorithm algorithms[] = {
    { "RS256", "RSA", NULL },
    { "ES256", "EC", "P-256" },
};

struct key {
    cjose_jwk_t *key;
    const struct algorithm *algorithm;
    char *id; /* or NULL */
};

struct verifier {
    const char *issuer, *audience;
    bool allowed[COUNT(algorithms)];
    struct key keys[KEYS_MAX];
    size_t count;
};

static void keys_free(struct key *keys, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        (void)cjose_jwk_release(keys[i].key);
        free(keys[i].id);
    }
}

int verifier_new(const char *issuer, const char *audience, char *const *names,
                 struct verifier **ret, struct error *err)
{
    struct verifier *verifier = xcalloc(1, sizeof(*verifier));
    verifier->issuer = issuer;
    verifier->audience = audience;
    for (; *names; names++) {
        size_t i = 0;
        while (i < COUNT(algorithms) && strcmp(algorithms[i].name, *names) != 0)
            i++;
        if (i == COUNT(algorithms)) {
            free(verifier);
            return fail_host_as(err, EINVAL, "no algorithm of ours: %s", *names);
        }
        verifier->allowed[i] = true;
    }
    *ret = verifier;
    return 0;
}

void verifier_free(struct verifier *verifier)
{
    if (!verifier)
        return;
    keys_free(verifier->keys, verifier->count);
    free(verifier);
}

/* --- members -------------------------------------------------------------------------- */

/* NULL where it is not there, is no string, or has a byte 0 in it. */
static const char *text_of(struct json_object *object, const char *name)
{
    struct json_object *value;
    if (!json_object_object_get_ex(object, name, &value) ||
        !json_object_is_type(value, json_type_string))
        return NULL;
    const char *text = json_object_get_string(value);
    return strlen(text) == (size_t)json_object_get_string_len(value) ? text : NULL;
}

static bool is(struct json_object *object, const char *name, const char *wanted)
{
    const char *text = text_of(object, name);
    return text && strcmp(text, wanted) == 0;
}

/* Not there, or this. */
static bool may_be(struct json_object *object, const char *name, const char *wanted)
{
    return !json_object_object_get_ex(object, name, NULL) || is(object, name, wanted);
}

/* One letter alone is no byte, and libcjose ends the program over it (an assert). */
static bool is_whole(size_t letters)
{
    return letters % 4 != 1;
}

/* --- keys ------------------------------------------------------------------------------- */

static const struct algorithm *algorithm_of(struct json_object *object)
{
    for (size_t i = 0; i < COUNT(algorithms); i++)
        if (is(object, "kty", algorithms[i].kind) && may_be(object, "use", "sig") &&
            may_be(object, "alg", algorithms[i].name) &&
            (!algorithms[i].curve || is(object, "crv", algorithms[i].curve)))
            return &algorithms[i];
    return NULL;
}

static int judge_key(struct json_object *object, struct error *err)
{
    static const char *const secrets[] = { "d", "p", "q", "dp", "dq", "qi", "k", "oth" };
    for (size_t i = 0; i < COUNT(secrets); i++)
        if (json_object_object_get_ex(object, secrets[i], NULL))
            return fail_host_as(
                err, EPERM,
                "a key with the member \"%s\", which is its owner's alone: only the "
                "public parts belong here",
                secrets[i]);
    static const char *const numbers[] = { "n", "e", "x", "y" };
    for (size_t i = 0; i < COUNT(numbers); i++) {
        const char *number = text_of(object, numbers[i]);
        if (number && !is_whole(strcspn(number, "=")))
            return fail_host_as(err, EINVAL, "a key that is none: \"%s\" is no base64url",
                                numbers[i]);
    }
    const char *modulus = is(object, "kty", "RSA") ? text_of(object, "n") : NULL;
    if (modulus && (strlen(modulus) < MODULUS_LEAST || strlen(modulus) > MODULUS_MOST))
        return fail_host_as(err, EINVAL, "an RSA key of less than 2048 or more than 16384 bits");
    return 0;
}

/* 1: taken. 0: none for us. */
static int take_key(struct json_object *object, struct key *ret, struct error *err)
{
    cjose_err why = { 0 };
    if (!json_object_is_type(object, json_type_object))
        return fail_host_as(err, EINVAL, "an element of \"keys\" that is no object");
    int r = judge_key(object, err);
    const struct algorithm *algorithm = r < 0 ? NULL : algorithm_of(object);
    if (!algorithm)
        return r;
    const char *text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
                                                                  JSON_C_TO_STRING_NOSLASHESCAPE);
    cjose_jwk_t *key = cjose_jwk_import(text, strlen(text), &why);
    if (!key)
        return fail_host_as(err, EINVAL, "a key that is none: %s",
                            why.message ? why.message : "it cannot be read");
    const char *id = text_of(object, "kid");
    *ret = (struct key){ key, algorithm, id ? xstrdup(id) : NULL };
    return 1;
}

static int take_keys(struct json_object *set, struct key keys[KEYS_MAX], size_t *count,
                     struct error *err)
{
    struct json_object *list;
    if (!json_object_is_type(set, json_type_object) ||
        !json_object_object_get_ex(set, "keys", &list) ||
        !json_object_is_type(list, json_type_array))
        return fail_host_as(err, EINVAL, "a JSON Web Key Set is wanted: {\"keys\": [...]}");
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        if (*count == KEYS_MAX)
            return fail_host_as(err, E2BIG, "more than %d keys", KEYS_MAX);
        int r = take_key(json_object_array_get_idx(list, i), &keys[*count], err);
        if (r < 0)
            return r;
        *count += r > 0;
    }
    if (*count == 0)
        return fail_host_as(err, ENOENT,
                            "no key in it is one for RS256 (RSA) or ES256 (EC, P-256) signatures");
    return 0;
}

int verifier_keys(struct verifier *verifier, const char *text, size_t len, struct error *err)
{
    struct key keys[KEYS_MAX] = { 0 };
    struct json_object *set autojson = NULL;
    size_t count = 0;
    if (json_load(text, len, &set, err) != JSON_OK) {
        err->blame = BLAME_HOST;
        return -EINVAL;
    }
    int r = take_keys(set, keys, &count, err);
    if (r < 0) {
        keys_free(keys, count);
        return r;
    }
    keys_free(verifier->keys, verifier->count);
    memcpy(verifier->keys, keys, sizeof(keys));
    verifier->count = count;
    return (int)count;
}

/* --- the signature ------------------------------------------------------------------------ */

static int bad(struct error *err, const char *why)
{
    return fail_caller(err, EACCES, "%s", why);
}

/* Three parts of base64url, as a compact JWS has (RFC 7515, 7.1). */
static bool is_compact(const char *token, size_t len)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    size_t dots = 0, part = 0;
    for (size_t i = 0; i < len; i++) {
        if (token[i] == '.' && (part == 0 || !is_whole(part)))
            return false;
        if (token[i] != '.' && (!token[i] || !strchr(letters, token[i])))
            return false;
        dots += token[i] == '.';
        part = token[i] == '.' ? 0 : part + 1;
    }
    return dots == 2 && part > 0 && is_whole(part);
}

/* The protected header, read as strictly as the claims: no name twice, so that nobody reads it in
 * another way. The caller's; NULL: it cannot be read. */
static struct json_object *header_of(const char *token)
{
    cjose_err ignored;
    struct error malformed;
    uint8_t *bytes = NULL;
    size_t len = 0;
    struct json_object *header = NULL;
    if (cjose_base64url_decode(token, strcspn(token, "."), &bytes, &len, &ignored))
        (void)!json_load((const char *)bytes, len, &header, &malformed);
    cjose_get_dealloc()(bytes);
    if (json_object_is_type(header, json_type_object))
        return header;
    json_object_put(header);
    return NULL;
}

/* The algorithm that the token says and we allow; NULL is a failure. */
static const struct algorithm *judge_header(const struct verifier *verifier,
                                            struct json_object *header, struct error *err)
{
    static const char *const types[] = { "JWT", "at+jwt", "application/at+jwt" };
    const char *type = text_of(header, "typ");
    bool known = !json_object_object_get_ex(header, "typ", NULL);
    for (size_t i = 0; i < COUNT(types); i++)
        known = known || (type && strcasecmp(type, types[i]) == 0);
    if (!known || json_object_object_get_ex(header, "crit", NULL)) {
        (void)bad(err, "its header asks for what is not known here");
        return NULL;
    }
    for (size_t i = 0; i < COUNT(algorithms); i++)
        if (verifier->allowed[i] && is(header, "alg", algorithms[i].name))
            return &algorithms[i];
    (void)bad(err, "its algorithm is not one that is allowed here");
    return NULL;
}

/* Read anew for each key: a failed try leaves its traces in it. */
static bool verifies(const char *token, size_t len, const struct key *key)
{
    cjose_err ignored;
    cjose_jws_t *jws = cjose_jws_import(token, len, &ignored);
    bool good = jws && cjose_jws_verify(jws, key->key, &ignored);
    cjose_jws_release(jws);
    return good;
}

static int judge_signature(const struct verifier *verifier, const char *token, size_t len,
                           const struct algorithm *algorithm, const char *id, struct error *err)
{
    bool tried = false;
    for (size_t i = 0; i < verifier->count; i++) {
        const struct key *key = &verifier->keys[i];
        if (key->algorithm != algorithm || (id && (!key->id || strcmp(id, key->id) != 0)))
            continue;
        tried = true;
        if (verifies(token, len, key))
            return 0;
    }
    return bad(err, tried ? "its signature is not its issuer's"
                          : "its key is none of its issuer's that are known here");
}

/* --- the claims ------------------------------------------------------------------------------ */

static bool is_for(struct json_object *claims, const char *audience)
{
    struct json_object *list;
    if (!json_object_object_get_ex(claims, "aud", &list) ||
        !json_object_is_type(list, json_type_array))
        return is(claims, "aud", audience);
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *one = json_object_array_get_idx(list, i);
        if (json_object_is_type(one, json_type_string) &&
            (size_t)json_object_get_string_len(one) == strlen(audience) &&
            strcmp(json_object_get_string(one), audience) == 0)
            return true;
    }
    return false;
}

/* Seconds of the epoch; false where it is not there or no such number. */
static bool time_of(struct json_object *claims, const char *name, double *ret)
{
    struct json_object *value;
    if (!json_object_object_get_ex(claims, name, &value) ||
        !(json_object_is_type(value, json_type_int) ||
          json_object_is_type(value, json_type_double)))
        return false;
    *ret = json_object_get_double(value);
    return *ret > 0 && *ret < 1e12;
}

static int judge_times(struct json_object *claims, int64_t now_s, int64_t *expires_s,
                       struct error *err)
{
    double expires, from;
    if (!time_of(claims, "exp", &expires))
        return bad(err, "it does not say when it expires");
    if (expires + SKEW_S <= (double)now_s)
        return bad(err, "it has expired");
    bool has_from = json_object_object_get_ex(claims, "nbf", NULL);
    if (has_from && (!time_of(claims, "nbf", &from) || from - SKEW_S > (double)now_s))
        return bad(err, "it is not good yet");
    *expires_s = (int64_t)expires + SKEW_S;
    return 0;
}

static bool is_plain(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return false;
    return true;
}

/* "scope" of RFC 9068; "scp", text or list, is what some servers call it. The caller's. */
static char *scopes_of(struct json_object *claims)
{
    struct json_object *list;
    const char *text = text_of(claims, "scope");
    struct str words = { 0 };
    if (!text)
        text = text_of(claims, "scp");
    if (text)
        str_puts(&words, text);
    else if (json_object_object_get_ex(claims, "scp", &list) &&
             json_object_is_type(list, json_type_array))
        for (size_t i = 0; i < json_object_array_length(list); i++) {
            struct json_object *one = json_object_array_get_idx(list, i);
            if (json_object_is_type(one, json_type_string))
                str_printf(&words, "%s%s", words.len > 0 ? " " : "", json_object_get_string(one));
        }
    return words.data ? str_take(&words) : xstrdup("");
}

static int judge_claims(const struct verifier *verifier, struct json_object *claims, int64_t now_s,
                        struct verified *ret, struct error *err)
{
    const char *subject = text_of(claims, "sub");
    if (!is(claims, "iss", verifier->issuer))
        return bad(err, "it is another issuer's");
    if (!is_for(claims, verifier->audience))
        return bad(err, "it is meant for somebody else (aud)");
    int r = judge_times(claims, now_s, &ret->expires_s, err);
    if (r < 0)
        return r;
    if (!subject || !*subject || strlen(subject) > SUBJECT_MOST || !is_plain(subject))
        return bad(err, "it does not say whose it is (sub)");
    autofree char *scopes = scopes_of(claims);
    if (strlen(scopes) > SCOPES_MOST || !is_plain(scopes))
        return bad(err, "its scopes are none");
    ret->scopes = TAKE(&scopes);
    ret->subject = xstrdup(subject);
    return 0;
}

static int judge_payload(const struct verifier *verifier, cjose_jws_t *jws, int64_t now_s,
                         struct verified *ret, struct error *err)
{
    cjose_err ignored;
    struct error malformed;
    uint8_t *bytes = NULL;
    size_t len = 0;
    struct json_object *claims autojson = NULL;
    if (!cjose_jws_get_plaintext(jws, &bytes, &len, &ignored) ||
        json_load((const char *)bytes, len, &claims, &malformed) != JSON_OK ||
        !json_object_is_type(claims, json_type_object))
        return bad(err, "its claims cannot be read");
    return judge_claims(verifier, claims, now_s, ret, err);
}

int verifier_check(const struct verifier *verifier, const char *token, size_t len, int64_t now_s,
                   struct verified *ret, struct error *err)
{
    struct verified verified = { 0 };
    cjose_err ignored;
    autofree char *text = xstrndup(token, len);
    struct json_object *header autojson = is_compact(token, len) ? header_of(text) : NULL;
    if (!header)
        return bad(err, "it is not a token that is known here, and no JWT");
    const struct algorithm *algorithm = judge_header(verifier, header, err);
    if (!algorithm)
        return -err->code;
    int r = judge_signature(verifier, text, len, algorithm, text_of(header, "kid"), err);
    if (r < 0)
        return r;
    cjose_jws_t *jws = cjose_jws_import(text, len, &ignored);
    r = jws ? judge_payload(verifier, jws, now_s, &verified, err)
            : bad(err, "its claims cannot be read");
    cjose_jws_release(jws);
    if (r == 0)
        *ret = verified;
    return r;
}

void verified_done(struct verified *verified)
{
    free(verified->scopes);
    free(verified->subject);
    *verified = (struct verified){ 0 };
}
