/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "str.h"
#include "unit.h"

static int parse(const char *text, struct config *ret, struct error *err)
{
    *err = (struct error){ 0 };
    return config_parse("c.json", text, strlen(text), ret, err);
}

static void an_empty_file_is_the_defaults(void **state)
{
    (void)state;
    struct error err;
    struct config config;
    assert_ok(parse("{}", &config, &err), &err);
    assert_string_equal(config.source, "c.json");
    assert_null(config.roots);
    assert_string_equal(config.client_policies[0], "default");
    assert_string_equal(config.client_policies[1], "strict");
    assert_null(config.client_policies[2]);
    assert_string_equal(config.default_policy, "default");
    assert_int_equal(config.environment_max_age_s, 7 * 24 * 3600);
    assert_int_equal(config.environment_max_bytes, 32ULL << 30);
    assert_int_equal(config.slot_first, 2000000000);
    assert_int_equal(config.slot_count, 256);
    assert_int_equal(config.log_level, LOG_INFO);
    config_done(&config);
}

static void every_key_arrives_or_is_checked(void **state)
{
    (void)state;
    struct error err;
    struct config config;
    static const char text[] =
        "{\"roots\": [\"/srv/a\", \"/srv/b\"], \"client_policies\": [\"ci\"], \"default_policy\": "
        "\"ci\", \"uv\": {\"path\": \"/opt/uv\", \"index\": \"https://i.test/simple\", "
        "\"extra_index\": [\"https://j.test\"], \"offline\": true, \"environment_max_age\": "
        "\"90s\", \"environment_max_bytes\": \"2G\"}, "
        "\"pythons\": [\"/opt/py\"], \"state\": \"/srv/state\", \"jobs\": {\"keep\": 5, "
        "\"max_age\": "
        "\"1h\", \"max_bytes\": \"1G\"}, \"pool\": {\"size\": 2, \"memory\": \"1G\", \"idle\": "
        "\"5m\"}, "
        "\"slots\": {\"first\": 3000000, \"count\": 4}, \"account\": \"cordon\", \"http\": "
        "{\"address\": \"[::1]:8000\", \"tokens\": \"/etc/tokens\", \"oauth\": {\"issuer\": "
        "\"https://o.test\", \"audience\": \"a\", \"keys\": \"/etc/keys\"}, \"tls\": "
        "{\"certificate\": "
        "\"/etc/c\", \"key\": \"/etc/k\"}}, \"principals\": {\"ann\": {\"quotas\": {\"running\": "
        "1, "
        "\"waiting\": 2, \"memory\": \"1G\", \"cpu\": \"1h\", \"output\": \"1G\"}, \"rates\": "
        "{\"calls_per_minute\": 3, \"runs_per_hour\": 4}, \"policies\": [\"strict\"]}}, \"log\": "
        "\"debug\", \"audit\": \"/var/log/a\"}";
    assert_ok(parse(text, &config, &err), &err);
    assert_string_equal(config.roots[1], "/srv/b");
    assert_string_equal(config.client_policies[0], "ci");
    assert_null(config.client_policies[1]);
    assert_string_equal(config.default_policy, "ci");
    assert_string_equal(config.uv_path, "/opt/uv");
    assert_string_equal(config.uv_index, "https://i.test/simple");
    assert_string_equal(config.uv_extra_index[0], "https://j.test");
    assert_true(config.uv_offline);
    assert_int_equal(config.environment_max_age_s, 90);
    assert_int_equal(config.environment_max_bytes, 2ULL << 30);
    assert_string_equal(config.pythons[0], "/opt/py");
    assert_string_equal(config.state, "/srv/state");
    assert_int_equal(config.jobs_keep, 5);
    assert_string_equal(config.tokens, "/etc/tokens");
    assert_string_equal(config.oauth.issuer, "https://o.test");
    assert_string_equal(config.oauth.audience, "a");
    assert_string_equal(config.oauth.keys, "/etc/keys");
    assert_string_equal(config.oauth.algorithms[0], "RS256");
    const struct principal *ann = principal_find(&config.principals, "ann");
    assert_non_null(ann);
    assert_int_equal(ann->scopes, SCOPE_RUN | SCOPE_JOBS | SCOPE_SCRIPTS);
    assert_int_equal(ann->quotas.running, 1);
    assert_int_equal(ann->quotas.waiting, 2);
    assert_int_equal(ann->quotas.memory_bytes, 1ULL << 30);
    assert_int_equal(ann->quotas.cpu_ms, 3600000);
    assert_int_equal(ann->quotas.output_bytes, 1ULL << 30);
    assert_int_equal(ann->rates.calls_per_minute, 3);
    assert_int_equal(ann->rates.runs_per_hour, 4);
    assert_string_equal(config_policies(&config, "ann")[0], "strict");
    assert_string_equal(config_policies(&config, "local")[0], "ci");
    assert_null(config_policies(&config, "bob"));
    assert_int_equal(config.jobs_max_age_ms, 3600000);
    assert_int_equal(config.jobs_max_bytes, 1ULL << 30);
    assert_int_equal(config.slot_first, 3000000);
    assert_int_equal(config.slot_count, 4);
    assert_string_equal(config.account, "cordon");
    assert_int_equal(config.log_level, LOG_DEBUG);
    assert_string_equal(config.audit, "/var/log/a");
    config_done(&config);
}

static void an_audit_log_can_be_required(void **state)
{
    (void)state;
    struct error err;
    struct config config;
    assert_ok(parse("{\"audit\": {\"path\": \"/a\", \"required\": true}}", &config, &err), &err);
    assert_string_equal(config.audit, "/a");
    assert_true(config.audit_required);
    config_done(&config);
    assert_ok(parse("{\"audit\": {\"required\": false}}", &config, &err), &err);
    assert_null(config.audit);
    assert_false(config.audit_required);
    config_done(&config);
    assert_true(parse("{\"audit\": {\"file\": \"/a\"}}", &config, &err) < 0);
}

static void no_client_policies_means_none(void **state)
{
    (void)state;
    struct error err;
    struct config config;
    assert_ok(parse("{\"client_policies\": []}", &config, &err), &err);
    assert_non_null(config.client_policies);
    assert_null(config.client_policies[0]);
    config_done(&config);
}

static void every_fault_says_where_and_what_is_allowed(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } rows[] = {
        { "{\n\"rots\": []}",
          "c.json: line 2: rots: no such key; allowed are roots, client_policies" },
        { "{\"roots\": \"/srv\"}", "roots: a list" },
        { "{\"roots\": [\"srv\"]}", "roots[0]: \"srv\" is not an absolute path" },
        { "{\"client_policies\": [\"a/b\"]}", "client_policies[0]: a name has" },
        { "{\"client_policies\": [\"fetch\"]}", "client_policies: \"fetch\" is cordon's own" },
        { "{\"default_policy\": \"fetch\"}", "default_policy: \"fetch\" is cordon's own" },
        { "{\"uv\": {\"index\": \"i.test\"}}", "uv.index: an address with https://" },
        { "{\"uv\": {\"offline\": \"yes\"}}", "uv.offline: true or false" },
        { "{\"uv\": {\"environment_max_age\": 7}}", "uv.environment_max_age: a duration" },
        { "{\"uv\": {\"pip\": 7}}", "uv.pip: no such key; allowed are path, index" },
        { "{\"state\": \"here\"}", "state: \"here\" is not an absolute path" },
        { "{\"jobs\": {\"keep\": -1}}", "jobs.keep: a whole number from 0" },
        { "{\"jobs\": {\"keep\": 1.5}}", "jobs.keep: a whole number from 0" },
        { "{\"jobs\": {\"max_bytes\": \"1GB\"}}", "jobs.max_bytes: \"1GB\" is not a size" },
        { "{\"pool\": {\"idle\": \"5\"}}", "pool.idle: \"5\" is not a duration" },
        { "{\"slots\": {\"first\": 0}}", "slots.first: a whole number from 1000000" },
        { "{\"slots\": {\"count\": 0}}", "slots.count: a whole number from 1" },
        { "{\"slots\": {\"first\": 2147483600, \"count\": 100}}",
          "slots: first + count goes beyond" },
        { "{\"http\": {\"address\": \"8000\"}}", "http.address: \"ADDRESS:PORT\"" },
        { "{\"http\": {\"address\": \"a:99999\"}}", "http.address: \"ADDRESS:PORT\"" },
        { "{\"http\": {\"tls\": {\"key\": \"/k\"}}}", "http.tls: the key certificate is missing" },
        { "{\"principals\": {\"ann\": {\"quota\": {}}}}", "principals.ann.quota: no such key" },
        { "{\"principals\": {\"a.b\": {\"rates\": 3}}}", "principals.a.b.rates: an object" },
        { "{\"principals\": {\"a/b\": {}}}", "principals.a/b: the name of a principal has" },
        { "{\"principals\": {\".ann\": {}}}", "principals..ann: the name of a principal has" },
        { "{\"principals\": {\"\": {}}}", "the name of a principal has" },
        { "{\"principals\": {\"oauth-0123456789abcdef0123456789abcdef\": {}}}",
          "made for subjects without an entry" },
        { "{\"principals\": {\"ann\": {\"scopes\": [\"all\"]}}}",
          "principals.ann.scopes[0]: allowed are \"run\", \"jobs\", \"scripts\", \"admin\"" },
        { "{\"principals\": {\"ann\": {\"subject\": \"x\"}, \"bob\": {\"subject\": \"x\"}}}",
          "principals.bob: a subject belongs to one principal" },
        { "{\"principals\": {\"*\": {\"subject\": \"x\"}}}", "a subject belongs to one" },
        { "{\"principals\": {\"ann\": {\"policies\": [\"fetch\"]}}}",
          "cordon's own and no client's" },
        { "{\"principals\": {\"ann\": {\"quotas\": {\"memory\": \"1G\"}}}}",
          "principals.ann.quotas: memory and cpu are shared out" },
        { "{\"principals\": {\"ann\": {\"policies\": []}}}",
          "principals.ann.policies: at least one is wanted" },
        { "{\"principals\": {\"ann\": {\"roots\": []}}}",
          "principals.ann.roots: at least one is wanted" },
        { "{\"principals\": {\"ann\": {\"roots\": [\"a\"]}}}", "principals.ann.roots[0]" },
        { "{\"principals\": {\"ann\": {\"quotas\": {\"running\": 0}}}}",
          "principals.ann.quotas.running: a whole number from 1" },
        { "{\"http\": {\"oauth\": {\"issuer\": \"https://i\", \"audience\": \"a\", "
          "\"algorithms\": [\"HS256\"]}}}",
          "http.oauth.algorithms[0]: allowed are \"RS256\", \"ES256\"" },
        { "{\"log\": \"loud\"}", "log: allowed are \"error\", \"warn\", \"info\", \"debug\"" },
        { "{\"account\": \"\"}", "account: an empty string" },
        { "{\"log\": \"info\",\n \"log\": \"warn\"}", "line 2, column 2: duplicate key \"log\"" },
        { "[]", "line 1: an object" },
        { "", "line 1, column 1: the text ends" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct error err;
        struct config config;
        if (parse(rows[i].text, &config, &err) == 0)
            fail_msg("%s is taken", rows[i].text);
        assert_says(&err, rows[i].says);
        assert_int_equal(err.blame, BLAME_HOST);
    }
}

/* --- files ------------------------------------------------------------------ */

struct place {
    char dir[64];
    char *path;
};

static int place_make(void **state)
{
    struct place *place = xcalloc(1, sizeof(*place));
    (void)snprintf(place->dir, sizeof(place->dir), "/tmp/cordon-config-XXXXXX");
    assert_non_null(mkdtemp(place->dir));
    place->path = path_join(place->dir, "config.json");
    *state = place;
    return 0;
}

static int place_remove(void **state)
{
    struct place *place = *state;
    autofree char *command = xasprintf("rm -rf %s", place->dir);
    int r = system(command);
    free(place->path);
    free(place);
    return r;
}

static void place_put(const struct place *place, const char *text, mode_t mode)
{
    FILE *file = fopen(place->path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0 && fclose(file) == 0);
    assert_int_equal(chmod(place->path, mode), 0);
}

static void a_file_is_loaded_from_where_it_is_named(void **state)
{
    struct place *place = *state;
    struct error err;
    struct config config;
    place_put(place, "{\"log\": \"warn\"}", 0644);
    assert_ok(config_load(place->path, &config, &err), &err);
    assert_int_equal(config.log_level, LOG_WARN);
    config_done(&config);
    setenv("CORDON_CONFIG", place->path, 1);
    assert_ok(config_load(NULL, &config, &err), &err);
    assert_string_equal(config.source, place->path);
    config_done(&config);
    unsetenv("CORDON_CONFIG");
}

static void a_named_file_must_be_there(void **state)
{
    struct place *place = *state;
    struct error err;
    struct config config;
    assert_int_equal(config_load(place->path, &config, &err), -ENOENT);
    assert_says(&err, place->path);
    setenv("CORDON_CONFIG", place->path, 1);
    assert_int_equal(config_load(NULL, &config, &err), -ENOENT);
    unsetenv("CORDON_CONFIG");
}

static void a_file_that_others_can_write_is_refused(void **state)
{
    struct place *place = *state;
    struct error err;
    struct config config;
    place_put(place, "{}", 0646);
    assert_int_equal(config_load(place->path, &config, &err), -EPERM);
    assert_says(&err, "can be written by others (mode 0646): chmod go-w it");
}

static void what_is_no_file_is_refused(void **state)
{
    struct place *place = *state;
    struct error err;
    struct config config;
    assert_int_equal(config_load(place->dir, &config, &err), -EPERM);
    assert_says(&err, "is not a regular file");
    assert_int_equal(mkfifo(place->path, 0600), 0);
    assert_int_equal(config_load(place->path, &config, &err), -EPERM); /* and does not wait */
}

static void a_stranger_s_file_is_refused(void **state)
{
    struct place *place = *state;
    struct error err;
    struct config config;
    if (geteuid() != 0)
        skip(); /* only root can give a file away */
    place_put(place, "{}", 0644);
    assert_int_equal(chown(place->path, 12345, 12345), 0);
    assert_int_equal(config_load(place->path, &config, &err), -EPERM);
    assert_says(&err, "belongs to user 12345");
}

static void a_group_of_one_s_own_may_write(void **state)
{
    struct place *place = *state;
    struct error err;
    struct config config;
    place_put(place, "{}", 0664);
    struct stat st;
    assert_int_equal(stat(place->path, &st), 0);
    int r = config_load(place->path, &config, &err);
    assert_int_equal(r, st.st_uid == st.st_gid ? 0 : -EPERM);
    if (r == 0)
        config_done(&config);
    if (geteuid() != 0)
        return;
    assert_int_equal(chown(place->path, 0, 12345), 0);
    assert_int_equal(config_load(place->path, &config, &err), -EPERM);
}

/* --- the state directory ---------------------------------------------------- */

static void the_state_directory_is_made_for_its_owner_alone(void **state)
{
    struct place *place = *state;
    struct error err;
    autofree char *wanted = path_join(place->dir, "a/b"), *found = NULL, *again = NULL;
    assert_ok(state_directory(wanted, NULL, &found, &err), &err);
    assert_string_equal(found, wanted);
    struct stat st;
    assert_int_equal(stat(found, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_ok(state_directory(wanted, NULL, &again, &err), &err);
}

static void the_option_goes_before_the_variable_before_the_file(void **state)
{
    struct place *place = *state;
    struct error err;
    autofree char *option = path_join(place->dir, "o"), *variable = path_join(place->dir, "v"),
                  *file = path_join(place->dir, "f");
    autofree char *first = NULL, *second = NULL, *third = NULL;
    struct config config = { .state = file };
    setenv("CORDON_STATE", variable, 1);
    assert_ok(state_directory(option, &config, &first, &err), &err);
    assert_ok(state_directory(NULL, &config, &second, &err), &err);
    unsetenv("CORDON_STATE");
    assert_ok(state_directory(NULL, &config, &third, &err), &err);
    assert_string_equal(first, option);
    assert_string_equal(second, variable);
    assert_string_equal(third, file);
}

static void a_state_directory_that_others_can_write_is_refused(void **state)
{
    struct place *place = *state;
    struct error err;
    char *found = NULL;
    assert_int_equal(chmod(place->dir, 0707), 0);
    assert_int_equal(state_directory(place->dir, NULL, &found, &err), -EPERM);
    assert_says(&err, "can be written by others (mode 0707)");
    assert_null(found);
    if (geteuid() != 0)
        return;
    assert_int_equal(chmod(place->dir, 0700), 0);
    assert_int_equal(chown(place->dir, 12345, 12345), 0);
    assert_int_equal(state_directory(place->dir, NULL, &found, &err), -EPERM);
    assert_says(&err, "belongs to user 12345");
}

static void a_state_directory_that_is_a_file_is_refused(void **state)
{
    struct place *place = *state;
    struct error err;
    char *found = NULL;
    place_put(place, "", 0600);
    assert_true(state_directory(place->path, NULL, &found, &err) < 0);
    assert_says(&err, place->path);
    assert_null(found);
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, place_make, place_remove)

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(an_empty_file_is_the_defaults),
    cmocka_unit_test(every_key_arrives_or_is_checked),
    cmocka_unit_test(an_audit_log_can_be_required),
    cmocka_unit_test(no_client_policies_means_none),
    cmocka_unit_test(every_fault_says_where_and_what_is_allowed),
    IN_PLACE(a_file_is_loaded_from_where_it_is_named),
    IN_PLACE(a_named_file_must_be_there),
    IN_PLACE(a_file_that_others_can_write_is_refused),
    IN_PLACE(what_is_no_file_is_refused),
    IN_PLACE(a_stranger_s_file_is_refused),
    IN_PLACE(a_group_of_one_s_own_may_write),
    IN_PLACE(the_state_directory_is_made_for_its_owner_alone),
    IN_PLACE(the_option_goes_before_the_variable_before_the_file),
    IN_PLACE(a_state_directory_that_others_can_write_is_refused),
    IN_PLACE(a_state_directory_that_is_a_file_is_refused),
};

UNIT_MAIN(tests)
