/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "env.h"
#include "env_store.h"
#include "fd.h"
#include "str.h"
#include "unit.h"
#include "uv.h"

/* Strings that may be pointed to without const. */
#define TEXT(literal) ((char[]){ literal })

/* --- keys ------------------------------------------------------------------------ */

static char *both_ways[2][3] = { { TEXT("a"), TEXT("b"), NULL }, { TEXT("b"), TEXT("a"), NULL } };

static struct env_identity identity(void)
{
    return (struct env_identity){ .uv_version = "0.9.1",
                                  .interpreter = "/usr/bin/python3.11 1 2 3 4.5 3.11.2",
                                  .requirements = both_ways[0],
                                  .settings = "UV_INDEX=https://example.org\n" };
}

static void the_order_of_requirements_does_not_make_another_environment(void **state)
{
    (void)state;
    struct env_identity one = identity(), other = identity();
    other.requirements = both_ways[1];
    autofree char *a = env_key(&one);
    autofree char *b = env_key(&other);
    assert_int_equal(strlen(a), ENV_KEY_LEN);
    assert_string_equal(a, b);
}

static void everything_else_does(void **state)
{
    (void)state;
    char a_word[] = "a";
    char *const fewer[] = { a_word, NULL };
    struct env_identity rows[6];
    for (size_t i = 0; i < COUNT(rows); i++)
        rows[i] = identity();
    rows[1].uv_version = "0.9.2";
    rows[2].interpreter = "/usr/bin/python3.11 1 2 3 4.6 3.11.2";
    rows[3].requirements = fewer;
    rows[4].settings = "";
    rows[5].header = "dependencies = ['a']";
    autolist char **keys = NULL;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *key = env_key(&rows[i]);
        assert_false(list_has(keys, key));
        list_add_owned(&keys, key);
    }
}

/* --- the store ---------------------------------------------------------------------- */

struct place {
    char path[32];
    struct sandbox sandbox;
    int owner;
};

static int place_make(void **state)
{
    struct place *place = xcalloc(1, sizeof(*place));
    strcpy(place->path, "/tmp/unit-env-XXXXXX");
    struct error err = { 0 };
    if (!mkdtemp(place->path))
        return -1;
    place->sandbox.state = place->path;
    place->owner = env_owner_open(&place->sandbox, "local", &err);
    *state = place;
    return place->owner < 0 ? -1 : 0;
}

static int place_remove(void **state)
{
    struct place *place = *state;
    struct error err = { 0 };
    close(place->owner);
    int r = tree_remove(AT_FDCWD, place->path, &err);
    free(place);
    return r;
}

static const struct env_record record = { .created_ms = 1234567890123,
                                          .python = TEXT("3.12.1"),
                                          .uv = TEXT("0.9.1"),
                                          .machine = TEXT("Linux x86_64"),
                                          .builds = true,
                                          .bytes = 5000000000,
                                          .requirements = both_ways[0] };

/* One that is whole, with `mark` in it. */
static void make_one(struct place *place, const char *key, const char *mark)
{
    struct error err = { 0 };
    autofree char *name = NULL;
    assert_ok(env_begin(place->owner, key, &name, &err), &err);
    autofree char *text = env_record_print(&record);
    autofree char *record_path = path_join(name, "record");
    autofree char *mark_path = path_join(name, "mark");
    assert_ok(file_write(place->owner, record_path, text, strlen(text), 0600, &err), &err);
    assert_ok(file_write(place->owner, mark_path, mark, strlen(mark), 0600, &err), &err);
    assert_ok(env_finish(place->owner, name, key, &err), &err);
}

static char *mark_of(int hold)
{
    struct error err = { 0 };
    char *text = NULL;
    assert_ok(file_read(hold, "mark", 100, &text, NULL, &err), &err);
    return text;
}

static size_t entries(const struct place *place)
{
    autofree char *path = xasprintf("%s/environments/local", place->path);
    DIR *directory = opendir(path);
    assert_non_null(directory);
    size_t count = 0;
    for (struct dirent *entry; (entry = readdir(directory));)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(directory);
    return count;
}

static void a_record_says_again_what_was_written(void **state)
{
    (void)state;
    struct error err = { 0 };
    struct env_record back = { 0 };
    autofree char *text = env_record_print(&record);
    assert_ok(env_record_parse(text, strlen(text), &back, &err), &err);
    assert_true(back.created_ms == record.created_ms);
    assert_string_equal(back.python, "3.12.1");
    assert_string_equal(back.machine, "Linux x86_64");
    assert_true(back.builds);
    assert_true(back.bytes == 5000000000);
    assert_int_equal(list_len(back.requirements), 2);
    env_record_done(&back);
    for (size_t cut = 0; cut < strlen(text); cut++)
        assert_int_equal(env_record_parse(text, cut, &back, &err), -EBADMSG);
}

static void a_half_made_environment_is_not_there(void **state)
{
    struct place *place = *state;
    struct error err = { 0 };
    struct env_record found = { 0 };
    assert_int_equal(env_hold(place->owner, "k", &found, &err), -ENOENT);
    assert_int_equal(mkdirat(place->owner, "k", 0700), 0);
    assert_int_equal(env_hold(place->owner, "k", &found, &err), -ENOENT);
    make_one(place, "k", "whole"); /* takes the place of the other */
    autoclose int hold = env_hold(place->owner, "k", &found, &err);
    assert_true(hold >= 0);
    env_record_done(&found);
}

static void one_in_use_stays_when_it_is_replaced(void **state)
{
    struct place *place = *state;
    struct error err = { 0 };
    struct env_record found = { 0 };
    make_one(place, "k", "old");
    int old = env_hold(place->owner, "k", &found, &err);
    env_record_done(&found);
    make_one(place, "k", "new");
    int new = env_hold(place->owner, "k", &found, &err);
    env_record_done(&found);
    autofree char *old_mark = mark_of(old);
    autofree char *new_mark = mark_of(new);
    assert_string_equal(old_mark, "old");
    assert_string_equal(new_mark, "new");

    assert_int_equal(env_remove(place->owner, "k", &err), -EBUSY);
    env_sweep(place->owner);
    assert_int_equal(entries(place), 2);
    close(old);
    env_sweep(place->owner);
    assert_int_equal(entries(place), 1);
    close(new);
    assert_ok(env_remove(place->owner, "k", &err), &err);
    assert_int_equal(entries(place), 0);
}

static void what_a_dead_maker_left_is_removed(void **state)
{
    struct place *place = *state;
    struct error err = { 0 };
    autofree char *left = NULL;
    autofree char *key = xcalloc(ENV_KEY_LEN + 1, 1);
    memset(key, 'a', ENV_KEY_LEN);
    assert_ok(env_begin(place->owner, key, &left, &err), &err);
    int lock = env_lock(place->owner, key, -1, NULL, &err);
    assert_true(lock >= 0);
    assert_int_equal(entries(place), 1); /* the lock */

    /* While one is being made it is not swept away; once its maker is dead, it is. */
    free(left);
    assert_ok(env_begin(place->owner, key, &left, &err), &err);
    env_sweep(place->owner);
    assert_int_equal(entries(place), 2);
    env_unlock(place->owner, key, &lock, NULL);
    env_sweep(place->owner);
    assert_int_equal(entries(place), 0);
}

static void waiting_for_a_lock_ends_when_the_run_is_cancelled(void **state)
{
    struct place *place = *state;
    struct error err = { 0 };
    int lock = env_lock(place->owner, "k", -1, NULL, &err);
    assert_true(lock >= 0);
    int control[2];
    assert_int_equal(pipe(control), 0);
    close(control[1]);
    assert_int_equal(env_lock(place->owner, "k", control[0], NULL, &err), -ECANCELED);
    close(control[0]);
    env_unlock(place->owner, "k", &lock, NULL);
}

static const char word_text[] = "no way to the 100 % index";

/* Waits for the lock that its parent holds; its exit status is what came of that. */
static pid_t wait_beside(const struct place *place, int lock)
{
    int told[2];
    assert_int_equal(pipe(told), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct error word = { 0 }, err = { 0 };
        close(lock);
        close(told[0]);
        close(told[1]); /* from here on it has no such file but its own */
        int r = env_lock(place->owner, "k", -1, &word, &err);
        bool heard = r == -EALREADY && word.code == ENETUNREACH && word.blame == BLAME_HOST &&
                     strcmp(word.text, word_text) == 0;
        _exit(r >= 0 ? 0 : heard ? 1 : 2);
    }
    close(told[1]);
    char byte;
    assert_int_equal(read(told[0], &byte, 1), 0);
    close(told[0]);
    return child;
}

static bool has_open(pid_t process, const char *ending)
{
    bool ret = false;
    autofree char *path = xasprintf("/proc/%d/fd", (int)process);
    DIR *all = opendir(path);
    assert_non_null(all);
    for (struct dirent *entry; (entry = readdir(all));) {
        char name[4096];
        ssize_t len = readlinkat(dirfd(all), entry->d_name, name, sizeof(name) - 1);
        name[len < 0 ? 0 : len] = '\0';
        ret = ret || ends_with(name, ending);
    }
    closedir(all);
    return ret;
}

static void who_waited_hears_why_it_could_not_be_made(void **state)
{
    struct place *place = *state;
    struct error word = { 0 }, err = { 0 }, failed = { 0 };
    (void)fail_host_as(&failed, ENETUNREACH, "%s", word_text);
    for (int tried = 0; tried < 2; tried++) {
        int status, lock = env_lock(place->owner, "k", -1, &word, &err);
        assert_true(lock >= 0); /* who comes later tries again */
        pid_t child = wait_beside(place, lock);
        while (!has_open(child, "/.lock-k"))
            ;
        env_unlock(place->owner, "k", &lock, tried ? &failed : NULL);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), tried);
    }
}

static void an_owner_cannot_leave_the_store(void **state)
{
    struct place *place = *state;
    static const char *const wrong[] = { "", "..", "a/b", ".hidden", "a b" };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct error err = { 0 };
        assert_int_equal(env_owner_open(&place->sandbox, wrong[i], &err), -EINVAL);
    }
}

/* --- the operator's settings ----------------------------------------------------------- */

static char *operator_settings[] = {
    TEXT("HOME=/nonexistent"),
    TEXT("UV_INDEX_URL=https://bob:canary@example.org/simple"),
    TEXT("UV_INDEX_CORP_PASSWORD=canary2"),
    TEXT("HTTPS_PROXY=http://eve:canary3@proxy:3128"),
    TEXT("UV_CACHE_DIR=/elsewhere"),
    TEXT("UV_PYTHON=3.9"),
    TEXT("UV_NO_BUILD=0"),
    TEXT("UV_SOMETHING_NEW=1"),
    TEXT("AWS_SECRET_ACCESS_KEY=canary4"),
    TEXT("UV_FIND_LINKS=/usr/share,https://example.org/links"),
    NULL,
};

static void only_the_settings_that_are_named_reach_uv(void **state)
{
    (void)state;
    struct sandbox sandbox = { .settings = operator_settings };
    struct uv_settings settings;
    uv_settings_make(&sandbox, &settings);
    assert_string_equal(env_get(settings.env, "UV_INDEX_URL"),
                        "https://bob:canary@example.org/simple");
    assert_string_equal(env_get(settings.env, "UV_INDEX_CORP_PASSWORD"), "canary2");
    assert_null(env_get(settings.env, "HTTPS_PROXY"));
    assert_string_equal(settings.hosts[0], "example.org:443");
    assert_null(settings.hosts[1]);
    assert_string_equal(env_get(settings.env, "UV_FIND_LINKS"),
                        UV_INSIDE "/UV_FIND_LINKS-1,https://example.org/links");
    assert_int_equal(settings.mount_count, 1);
    assert_string_equal(settings.mounts[0].host, "/usr/share");
    assert_false(settings.mounts[0].write);
    static const char *const ours[] = {
        "HOME",        "UV_CACHE_DIR",     "UV_PYTHON",
        "UV_NO_BUILD", "UV_SOMETHING_NEW", "AWS_SECRET_ACCESS_KEY"
    };
    for (size_t i = 0; i < COUNT(ours); i++)
        assert_null(env_get(settings.env, ours[i]));
    uv_settings_done(&settings);
}

static void what_decides_a_key_holds_no_credentials(void **state)
{
    (void)state;
    struct sandbox sandbox = { .settings = operator_settings };
    struct uv_settings settings;
    uv_settings_make(&sandbox, &settings);
    assert_non_null(strstr(settings.identity, "UV_INDEX_URL=https://example.org/simple\n"));
    assert_null(strstr(settings.identity, "canary"));
    uv_settings_done(&settings);
}

static void the_configuration_wins_over_the_environment(void **state)
{
    (void)state;
    char *extra[] = { TEXT("https://one"), TEXT("https://two"), NULL };
    struct sandbox sandbox = { .settings = operator_settings,
                               .config = { .uv_index = TEXT("https://configured"),
                                           .uv_extra_index = extra } };
    struct uv_settings settings;
    uv_settings_make(&sandbox, &settings);
    assert_string_equal(env_get(settings.env, "UV_DEFAULT_INDEX"), "https://configured");
    assert_string_equal(env_get(settings.env, "UV_INDEX"), "https://one https://two");
    assert_null(env_get(settings.env, "UV_INDEX_URL"));
    uv_settings_done(&settings);
}

/* --- what uv says ------------------------------------------------------------------------ */

static const struct reason {
    const char *said, *told;
    enum blame blame;
} reasons[] = {
    { "Using Python 3.12.1 environment at: e\n"
      "error: No solution found when resolving dependencies\n"
      "  cause: Because nosuch was not found in the package registry and you require nosuch, we "
      "can conclude that your requirements are unsatisfiable.\n",
      "no versions meet the requirements: nosuch was not found in the package registry",
      BLAME_HOST },
    /* an older uv, with colours and boxes */
    { "\x1b[31m  \xc3\x97 No solution found when resolving dependencies:\x1b[39m\n"
      "  \xe2\x95\xb0\xe2\x94\x80\xe2\x96\xb6 Because nosuch was not found in the package\n"
      "      registry and you require nosuch, we can conclude that your\n"
      "      requirements are unsatisfiable.\n",
      "no versions meet the requirements: nosuch was not found in the package registry",
      BLAME_HOST },
    { "error: Failed to parse: `requests=>1`\n"
      "  cause: no such comparison operator \"=>\", must be one of ~= == != <= >= < > ===\n"
      "         requests=>1\n"
      "                 ^^^\n",
      "uv: Failed to parse: `requests=>1`: no such comparison operator \"=>\", must be one of ~= "
      "== != <= >= < > ===",
      BLAME_CALLER },
    { "error: No solution found when resolving dependencies\n"
      "  cause: Because docopt==0.6.2 has no usable wheels and you require docopt==0.6.2, we can "
      "conclude that your requirements are unsatisfiable.\n"
      "\n"
      "hint: Wheels are required for `docopt` because building from source is disabled for all "
      "packages (i.e., with `--no-build`)\n",
      "docopt has no wheel that fits docopt==0.6.2, only a source distribution, and building is "
      "off: a policy "
      "with \"builds\": \"isolated\" allows it",
      BLAME_POLICY },
    { "error: Failed to fetch: http://bob:canary@nohost.invalid/simple/six/\n"
      "  cause: error sending request for url (http://bob:canary@nohost.invalid/simple/six/)\n"
      "  cause: client error (Connect)\n"
      "  cause: dns error\n"
      "  cause: failed to lookup address information: Name or service not known\n",
      "uv: Failed to fetch: http://nohost.invalid/simple/six/: failed to lookup address "
      "information: Name or service not known",
      BLAME_HOST },
    { "error: Failed to fetch: `https://h/simple/six/`\n"
      "  cause: client error (Connect)\n"
      "  cause: invalid peer certificate: UnknownIssuer\n",
      "uv: Failed to fetch: `https://h/simple/six/`: invalid peer certificate: UnknownIssuer: "
      "where "
      "an authority of your own signs, SSL_CERT_FILE names the file with its certificate",
      BLAME_HOST },
    { "error: No solution found when resolving dependencies\n"
      "  cause: Because six was not found in the package registry and you require six, we can "
      "conclude that your requirements are unsatisfiable.\n"
      "\n"
      "hint: An index URL (http://h/simple) could not be queried due to a lack of valid "
      "authentication credentials (401 Unauthorized)\n",
      "uv: An index URL (http://h/simple) could not be queried due to a lack of valid "
      "authentication credentials (401 Unauthorized)",
      BLAME_HOST },
    /* what the proxy on a box's way out makes of a host that is not there */
    { "error: Failed to fetch: `https://nohost.invalid/simple/six/`\n"
      "  cause: Request failed after 0 retries in 0.1s\n"
      "  cause: client error (Connect)\n"
      "  cause: tunnel error: unsuccessful\n",
      "uv: Failed to fetch: `https://nohost.invalid/simple/six/`: no connection to that host: is "
      "its name right, and does this machine reach it (itself, or by HTTPS_PROXY)?",
      BLAME_HOST },
    { "error: The lockfile at `uv.lock` needs to be updated, but `--frozen` was provided: Missing "
      "workspace member `x`\n",
      "it is not of the pyproject.toml beside it: run `uv lock` in the directory", BLAME_CALLER },
    { "thread 'main' panicked at x.rs\nsomething new\n", "uv: something new", BLAME_HOST },
    { "", "uv: no reason given", BLAME_HOST },
};

static void what_uv_says_becomes_one_sentence(void **state)
{
    (void)state;
    struct uv_settings settings = { 0 };
    for (size_t i = 0; i < COUNT(reasons); i++) {
        struct error err = { 0 };
        assert_true(uv_reason(&settings, reasons[i].said, &err) < 0);
        assert_string_equal(err.text, reasons[i].told);
        assert_int_equal(err.blame, reasons[i].blame);
    }
}

static void secrets_are_taken_out_wherever_they_stand(void **state)
{
    (void)state;
    struct sandbox sandbox = { .settings = operator_settings };
    struct uv_settings settings;
    uv_settings_make(&sandbox, &settings);
    struct error err = { 0 };
    assert_true(uv_reason(&settings,
                          "error: cannot use canary of bob:canary and canary3, canary2\n",
                          &err) < 0);
    assert_null(strstr(err.text, "canary"));
    uv_settings_done(&settings);
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, place_make, place_remove)

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_order_of_requirements_does_not_make_another_environment),
    cmocka_unit_test(everything_else_does),
    cmocka_unit_test(a_record_says_again_what_was_written),
    IN_PLACE(a_half_made_environment_is_not_there),
    IN_PLACE(one_in_use_stays_when_it_is_replaced),
    IN_PLACE(what_a_dead_maker_left_is_removed),
    IN_PLACE(waiting_for_a_lock_ends_when_the_run_is_cancelled),
    IN_PLACE(who_waited_hears_why_it_could_not_be_made),
    IN_PLACE(an_owner_cannot_leave_the_store),
    cmocka_unit_test(only_the_settings_that_are_named_reach_uv),
    cmocka_unit_test(what_decides_a_key_holds_no_credentials),
    cmocka_unit_test(the_configuration_wins_over_the_environment),
    cmocka_unit_test(what_uv_says_becomes_one_sentence),
    cmocka_unit_test(secrets_are_taken_out_wherever_they_stand),
};

UNIT_MAIN(tests)
