/* SPDX-License-Identifier: Apache-2.0 */
#include <json-c/json.h>
#include <sha2.h>
#include <stdio.h>

#include "auth/authority.h"
#include "auth/bearer.h"
#include "auth/tokens.h"
#include "config.h"
#include "str.h"
#include "unit.h"

static const char configured[] =
    "{\"http\": {\"tokens\": \"/etc/cordon/tokens\"}, \"principals\": {\"ann\": {}, \"bob\": "
    "{\"scopes\": [\"jobs\"]}, \"root\": {\"scopes\": [\"admin\"]}}}";

static struct config config_of(const char *text)
{
    struct error err = { 0 };
    struct config config;
    assert_ok(config_parse("c", text, strlen(text), &config, &err), &err);
    return config;
}

#define ANN    "a-token-of-ann-0123456789"
#define BOB    "a-token-of-bob-0123456789"
#define NOBODY "a-token-of-nobody-0123456"

static void hash_of(const char *token, char ret[SHA256_DIGEST_STRING_LENGTH])
{
    (void)SHA256Data((const uint8_t *)token, strlen(token), ret);
}

/* --- tokens ---------------------------------------------------------------------------------- */

static int parse(const struct config *config, const char *text, size_t len, struct tokens **ret,
                 struct error *err)
{
    return tokens_parse("/etc/cordon/tokens", text, len, &config->principals, ret, err);
}

static void a_token_is_found_by_its_hash(void **state)
{
    (void)state;
    struct config config = config_of(configured);
    struct tokens *tokens = NULL;
    struct error err = { 0 };
    char ann[SHA256_DIGEST_STRING_LENGTH], bob[SHA256_DIGEST_STRING_LENGTH];
    hash_of(ANN, ann);
    hash_of(BOB, bob);
    for (char *c = bob; *c; c++)
        *c = *c >= 'a' && *c <= 'f' ? (char)(*c - 'a' + 'A') : *c;
    autofree char *text =
        xasprintf("# who  what\n\n  ann\t%s  laptop\r\nbob %s", ann, bob); /* no last newline */
    assert_ok(parse(&config, text, strlen(text), &tokens, &err), &err);
    assert_string_equal(tokens_find(tokens, ANN, strlen(ANN)), "ann");
    assert_string_equal(tokens_find(tokens, BOB, strlen(BOB)), "bob");
    assert_null(tokens_find(tokens, NOBODY, strlen(NOBODY)));
    assert_null(tokens_find(tokens, ANN, strlen(ANN) - 1));
    assert_null(tokens_find(tokens, "", 0));
    assert_null(tokens_find(tokens, ann, strlen(ann))); /* the hash opens nothing */
    assert_null(tokens_find(NULL, ANN, strlen(ANN)));
    tokens_free(tokens);
    config_done(&config);
}

static void a_file_of_tokens_is_refused_by_the_line(void **state)
{
    (void)state;
    struct config config = config_of(configured);
    char ann[SHA256_DIGEST_STRING_LENGTH];
    hash_of(ANN, ann);
    autofree char *twice = xasprintf("ann %s\nbob %s\n", ann, ann);
    autofree char *shorter = xasprintf("ann %.63s\n", ann);
    autofree char *longer = xasprintf("ann %s0\n", ann);
    const struct {
        const char *text, *words;
    } rows[] = {
        { "\nann\n", "line 2: after the principal the SHA-256" },
        { "ann " ANN "\n", "line 1: after the principal the SHA-256" },
        { shorter, "line 1: after the principal" },
        { longer, "line 1: after the principal" },
        { "mallory 00\n", "principals, and mallory is none; there are: " },
        { "../ann 00\n", "principals, and this word is none; there are: " },
        { "a-token-of-20-letters 00\n", "principals, and this word is none; there are: " },
        { "* 00\n", "line 1: a line begins with the name of one of" },
        { twice, "line 2: the same token stands in a line above" },
        { "ann e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n",
          "line 1: this is the SHA-256 of nothing" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct tokens *tokens = NULL;
        struct error err = { 0 };
        assert_true(parse(&config, rows[i].text, strlen(rows[i].text), &tokens, &err) < 0);
        assert_int_equal(err.blame, BLAME_HOST);
        assert_says(&err, rows[i].words);
        assert_null(strstr(err.text, ANN)); /* somebody's mistake is not spread by a log */
    }
    struct tokens *tokens = NULL;
    struct error err = { 0 };
    assert_true(parse(&config, "ann\0x", 5, &tokens, &err) < 0);
    assert_ok(parse(&config, "", 0, &tokens, &err), &err);
    tokens_free(tokens);
    config_done(&config);
}

/* --- headers ---------------------------------------------------------------------------------- */

static void authorization_is_read_as_rfc_6750_writes_it(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        enum bearer what;
        const char *token;
    } rows[] = {
        { NULL, BEARER_NONE, NULL },
        { "", BEARER_NONE, NULL },
        { "Basic YTpi", BEARER_NONE, NULL },
        { "Bearerabc", BEARER_NONE, NULL },
        { "Bearer", BEARER_MALFORMED, NULL },
        { "Bearer ", BEARER_MALFORMED, NULL },
        { "Bearer a b", BEARER_MALFORMED, NULL },
        { "Bearer a,b", BEARER_MALFORMED, NULL },
        { "Bearer \"a\"", BEARER_MALFORMED, NULL },
        { "Bearer =a", BEARER_MALFORMED, NULL },
        { "Bearer a=b", BEARER_MALFORMED, NULL },
        { "Bearer \xc3\xa9", BEARER_MALFORMED, NULL },
        { "Bearer abc", BEARER_TOKEN, "abc" },
        { "bEARER   a-._~+/9==", BEARER_TOKEN, "a-._~+/9==" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *token = NULL;
        size_t len = 0;
        assert_int_equal(bearer_parse(rows[i].header, &token, &len), rows[i].what);
        if (rows[i].token) {
            assert_int_equal(len, strlen(rows[i].token));
            assert_memory_equal(token, rows[i].token, len);
        }
    }
}

static void a_challenge_says_what_to_do(void **state)
{
    (void)state;
    static const struct {
        enum unserved what;
        int status;
        const char *metadata;
        unsigned scopes;
        const char *why, *text;
    } rows[] = {
        { UNSERVED_ABSENT, 401, NULL, 0, "said in the body alone", "Bearer" },
        { UNSERVED_ABSENT, 401, "https://h/x", SCOPE_RUN, NULL,
          "Bearer scope=\"run\", resource_metadata=\"https://h/x\"" },
        { UNSERVED_INVALID, 401, "https://h/x", 0, "it has \"expired\"\n",
          "Bearer error=\"invalid_token\", error_description=\"it has 'expired''\", "
          "resource_metadata=\"https://h/x\"" },
        { UNSERVED_SCOPE, 403, NULL, SCOPE_RUN | SCOPE_SCRIPTS, NULL,
          "Bearer error=\"insufficient_scope\", scope=\"run scripts\"" },
        { UNSERVED_MALFORMED, 400, NULL, 0, NULL, "Bearer error=\"invalid_request\"" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        autofree char *text =
            bearer_challenge(rows[i].what, rows[i].metadata, rows[i].scopes, rows[i].why);
        assert_string_equal(text, rows[i].text);
        assert_int_equal(unserved_status(rows[i].what), rows[i].status);
    }
}

static void the_metadata_lies_where_rfc_9728_puts_it(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        { "https://h/mcp", "https://h/.well-known/oauth-protected-resource/mcp" },
        { "https://h:8443/a/mcp", "https://h:8443/.well-known/oauth-protected-resource/a/mcp" },
        { "https://h", "https://h/.well-known/oauth-protected-resource" },
        { "http://127.0.0.1:80/", "http://127.0.0.1:80/.well-known/oauth-protected-resource" },
        { "cordon", NULL },
        { "https:///mcp", NULL },
        { "https://h/mcp?a", NULL },
        { "https://h/mcp#a", NULL },
        { "https://h/m\"cp", NULL },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct oauth oauth = { .audience = (char *)(uintptr_t)rows[i][0] };
        struct error err = { 0 };
        char *url = NULL;
        int r = metadata_url(&oauth, &url, &err);
        if (rows[i][1])
            assert_string_equal(url, rows[i][1]);
        else
            assert_true(r < 0);
        free(url);
    }
}

static void the_metadata_has_what_a_client_needs(void **state)
{
    (void)state;
    const struct oauth oauth = { .issuer = (char *)(uintptr_t) "https://as",
                                 .audience = (char *)(uintptr_t) "https://h/mcp" };
    struct json_object *document = metadata_document(&oauth);
    struct json_object *wanted = json_tokener_parse(
        "{\"resource\":\"https://h/mcp\",\"authorization_servers\":[\"https://as\"],"
        "\"scopes_supported\":[\"run\",\"jobs\",\"scripts\",\"admin\"],"
        "\"bearer_methods_supported\":[\"header\"],\"resource_name\":\"cordon\"}");
    assert_true(json_object_equal(document, wanted));
    json_object_put(wanted);
    json_object_put(document);
}

static void scopes_are_words_and_admin_is_all_of_them(void **state)
{
    (void)state;
    assert_int_equal(scopes_parse(""), 0);
    assert_int_equal(scopes_parse("run"), SCOPE_RUN);
    assert_int_equal(scopes_parse("openid run  jobs"), SCOPE_RUN | SCOPE_JOBS);
    assert_int_equal(scopes_parse("runs RUN job"), 0);
    assert_int_equal(scopes_parse("admin"), SCOPES_ALL);
    autofree char *all = scopes_print(SCOPES_ALL), *none = scopes_print(0);
    assert_string_equal(all, "run jobs scripts admin");
    assert_string_equal(none, "");
}

/* --- who asks --------------------------------------------------------------------------------- */

static void a_header_becomes_a_principal(void **state)
{
    (void)state;
    struct config config = config_of(configured);
    struct authority *authority = NULL;
    struct error err = { 0 };
    struct grant grant = { 0 };
    enum unserved what = UNSERVED_SCOPE;
    char bob[SHA256_DIGEST_STRING_LENGTH];
    hash_of(BOB, bob);
    autofree char *text = xasprintf("bob %s\n", bob);
    assert_ok(authority_new(&config, &authority, &err), &err);
    assert_true(authority_asks(authority));
    assert_int_equal(authority_judge(authority, "Bearer " BOB, &grant, &what, &err), -1);
    assert_int_equal(what, UNSERVED_INVALID);
    assert_ok(authority_tokens(authority, text, strlen(text), &err), &err);
    assert_ok(authority_judge(authority, "Bearer " BOB, &grant, &what, &err), &err);
    assert_string_equal(grant.name, "bob");
    assert_int_equal(grant.scopes, SCOPE_JOBS);

    static const struct {
        const char *header;
        enum unserved what;
    } rows[] = {
        { NULL, UNSERVED_ABSENT },
        { "Basic " BOB, UNSERVED_ABSENT },
        { "Bearer " ANN, UNSERVED_INVALID },
        { "Bearer", UNSERVED_MALFORMED },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(authority_judge(authority, rows[i].header, &grant, &what, &err), -1);
        assert_int_equal(what, rows[i].what);
        assert_null(strstr(err.text, ANN));
    }

    /* A file that cannot be read leaves what there was; one that can replaces it. */
    assert_true(authority_tokens(authority, "bob", 3, &err) < 0);
    assert_ok(authority_judge(authority, "Bearer " BOB, &grant, &what, &err), &err);
    assert_ok(authority_tokens(authority, "", 0, &err), &err);
    assert_int_equal(authority_judge(authority, "Bearer " BOB, &grant, &what, &err), -1);
    assert_null(authority_metadata(authority));
    authority_free(authority);
    config_done(&config);
}

static void without_tokens_everybody_is_the_local_one(void **state)
{
    (void)state;
    struct config config = config_of("{}");
    struct authority *authority = NULL;
    struct error err = { 0 };
    struct grant grant = { 0 };
    enum unserved what;
    assert_ok(authority_new(&config, &authority, &err), &err);
    assert_false(authority_asks(authority));
    assert_ok(authority_judge(authority, NULL, &grant, &what, &err), &err);
    assert_string_equal(grant.name, OWNER_LOCAL);
    assert_int_equal(grant.scopes, SCOPES_ALL);
    authority_free(authority);
    config_done(&config);
}

static void an_issuer_needs_an_address_and_keys(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        { "\"audience\": \"https://h/mcp\"", "http.oauth.keys is missing" },
        { "\"audience\": \"cordon\", \"keys\": \"/k\"", "http.oauth.audience is cordon" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        autofree char *text =
            xasprintf("{\"http\": {\"oauth\": {\"issuer\": \"https://i\", %s}}}", rows[i][0]);
        struct config config = config_of(text);
        struct authority *authority = NULL;
        struct error err = { 0 };
        assert_true(authority_new(&config, &authority, &err) < 0);
        assert_says(&err, rows[i][1]);
        config_done(&config);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_token_is_found_by_its_hash),
    cmocka_unit_test(a_file_of_tokens_is_refused_by_the_line),
    cmocka_unit_test(authorization_is_read_as_rfc_6750_writes_it),
    cmocka_unit_test(a_challenge_says_what_to_do),
    cmocka_unit_test(the_metadata_lies_where_rfc_9728_puts_it),
    cmocka_unit_test(the_metadata_has_what_a_client_needs),
    cmocka_unit_test(scopes_are_words_and_admin_is_all_of_them),
    cmocka_unit_test(a_header_becomes_a_principal),
    cmocka_unit_test(without_tokens_everybody_is_the_local_one),
    cmocka_unit_test(an_issuer_needs_an_address_and_keys),
};

UNIT_MAIN(tests)
