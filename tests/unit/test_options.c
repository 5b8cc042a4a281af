/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>

#include "cmd/hint.h"
#include "cmd/options.h"
#include "fd.h"
#include "str.h"
#include "unit.h"

/* Writable copies: argv is not const. */
static char **argv_of(const char *line)
{
    char **list = NULL;
    autofree char *copy = xstrdup(line);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
        list_add(&list, word);
    if (!list)
        list = xcalloc(1, sizeof(*list));
    return list;
}

static void options_stop_at_the_script(void **state)
{
    (void)state;
    autolist char **argv = argv_of("--timeout 3s --with a --with=b --json x.py --json -- -c");
    struct options options;
    struct error err = { 0 };
    options_init(&options);
    assert_ok(options_parse(&options, COMMAND_RUN, argv, &err), &err);
    assert_int_equal(options.asked.wall_ms, 3000);
    assert_true(options.asked.cpu_ms == UNBOUNDED);
    assert_int_equal(list_len(options.with), 2);
    assert_true(options.json);
    assert_string_equal(options.words[0], "x.py");
    assert_int_equal(list_len(options.words), 4);
    options_done(&options);
}

static void two_dashes_end_the_options_and_go(void **state)
{
    (void)state;
    autolist char **argv = argv_of("--quiet -- --not-mine");
    struct options options;
    struct error err = { 0 };
    options_init(&options);
    assert_ok(options_parse(&options, COMMAND_EXEC, argv, &err), &err);
    assert_string_equal(options.words[0], "--not-mine");
    options_done(&options);
}

static void code_ends_the_options_and_a_dash_is_a_script(void **state)
{
    (void)state;
    struct options options;
    struct error err = { 0 };
    autolist char **code = argv_of("-c print(1) --json");
    options_init(&options);
    assert_ok(options_parse(&options, COMMAND_RUN, code, &err), &err);
    assert_string_equal(options.code, "print(1)");
    assert_string_equal(options.words[0], "--json");
    assert_false(options.json);
    options_done(&options);

    autolist char **dash = argv_of("--env=A=B=C - x");
    options_init(&options);
    assert_ok(options_parse(&options, COMMAND_RUN, dash, &err), &err);
    assert_string_equal(options.env[0], "A=B=C");
    assert_string_equal(options.words[0], "-");
    options_done(&options);
}

static void what_is_wrong_is_said(void **state)
{
    (void)state;
    static const struct {
        unsigned command;
        const char *line, *words;
    } rows[] = {
        { COMMAND_RUN, "--nothing x", "unknown option --nothing" },
        { COMMAND_RUN, "--root /x", "unknown option --root" },
        { COMMAND_EXEC, "-c 1", "unknown option -c" },
        { COMMAND_ANY, "--json", "unknown option --json" },
        { COMMAND_RUN, "--timeout", "--timeout needs a value: DURATION" },
        { COMMAND_RUN, "--timeout 3", "--timeout: \"3\" is not a duration" },
        { COMMAND_RUN, "--memory 3s", "--memory: \"3s\" is not a size" },
        { COMMAND_RUN, "--pids 0", "--pids: \"0\" is not a number" },
        { COMMAND_RUN, "--json=yes", "--json takes no value" },
        { COMMAND_RUN, "-c=1", "unknown option -c=1" },
        { COMMAND_RUN, "--tty=yes", "--tty takes no value" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        autolist char **argv = argv_of(rows[i].line);
        struct options options;
        struct error err = { 0 };
        options_init(&options);
        assert_true(options_parse(&options, rows[i].command, argv, &err) < 0);
        assert_says(&err, rows[i].words);
        options_done(&options);
    }
}

static void options_of_two_places_add_up(void **state)
{
    (void)state;
    autolist char **argv = argv_of("--state /a run --config /b x.py");
    struct options options;
    struct error err = { 0 };
    options_init(&options);
    assert_ok(options_parse(&options, COMMAND_ANY, argv, &err), &err);
    assert_string_equal(options.words[0], "run");
    assert_ok(options_parse(&options, COMMAND_RUN, options.words + 1, &err), &err);
    assert_string_equal(options.state, "/a");
    assert_string_equal(options.config, "/b");
    assert_string_equal(options.words[0], "x.py");
    options_done(&options);
}

static char *source(const char *name)
{
    autofree char *path = path_join(SOURCE_DIR, name);
    char *text = NULL;
    struct error err = { 0 };
    assert_ok(file_read(AT_FDCWD, path, 1 << 20, &text, NULL, &err), &err);
    return text;
}

/* The name with something around it that cannot belong to a longer name. */
static void what_stands_behind_two_dashes_is_not_gathered(void **state)
{
    (void)state;
    struct options options;
    struct error err = { 0 };
    char *words[] = { (char[]){ "learn" }, (char[]){ "--state" }, (char[]){ "/s" },
                      (char[]){ "--" },    (char[]){ "x" },       (char[]){ "--state" },
                      (char[]){ "y" },     (char[]){ "--help" },  NULL };
    autolist char **rest = NULL;
    options_init(&options);
    assert_ok(options_gather(&options, words, &rest, &err), &err);
    assert_string_equal(options.state, "/s");
    assert_false(options.help);
    assert_int_equal(list_len(rest), 6);
    assert_string_equal(rest[5], "--help");
    options_done(&options);
}

static void assert_mentions(const char *where, const char *text, const char *before,
                            const char *name)
{
    autofree char *wanted = xasprintf("%s%s", before, name);
    for (const char *p = strstr(text, wanted); p; p = strstr(p + 1, wanted)) {
        char after = p[strlen(wanted)];
        if (after != '-' && (after < 'a' || after > 'z'))
            return;
    }
    fail_msg("%s does not know %s", where, name);
}

/* Where an option of a command is described: in the command's own page, in the one of every
 * command, or, for the three that start a box alike, in that of run. */
static char *pages_of(const struct option_row *row, const char *command)
{
    if (row->commands == COMMAND_ANY)
        return source("src/man/cordon.1.md");
    autofree char *own = xasprintf("src/man/cordon-%s.1.md", command);
    autofree char *text = source(own);
    autofree char *shared = source("src/man/cordon-run.1.md");
    return xasprintf("%s%s", text, row->commands & COMMAND_RUN ? shared : "");
}

static const struct {
    unsigned bit;
    const char *name;
} commands[] = {
    { COMMAND_RUN, "run" },         { COMMAND_EXEC, "exec" },     { COMMAND_BENCH, "bench" },
    { COMMAND_SERVE, "serve" },     { COMMAND_CHECK, "check" },   { COMMAND_POLICY, "policy" },
    { COMMAND_JOBS, "jobs" },       { COMMAND_ENV, "env" },       { COMMAND_MCP, "mcp" },
    { COMMAND_SCRIPTS, "scripts" }, { COMMAND_BACKUP, "backup" }, { COMMAND_RESTORE, "backup" },
};

static void the_page_of_a_command_knows_its_options(void **state)
{
    (void)state;
    for (size_t i = 0; i < option_count; i++)
        for (size_t j = 0; j < COUNT(commands); j++) {
            if (!(option_rows[i].commands & commands[j].bit))
                continue;
            autofree char *text = pages_of(&option_rows[i], commands[j].name);
            assert_mentions(commands[j].name, text, "**", option_rows[i].name);
        }
}

static void completions_know_every_option(void **state)
{
    (void)state;
    autofree char *bash = source("src/completion/cordon.bash");
    autofree char *zsh = source("src/completion/_cordon");
    autofree char *fish = source("src/completion/cordon.fish");
    for (size_t i = 0; i < option_count; i++) {
        const char *name = option_rows[i].name;
        bool is_long = starts_with(name, "--");
        assert_mentions("bash's completion", bash, "", name);
        assert_mentions("zsh's completion", zsh, "", name);
        assert_mentions("fish's completion", fish, is_long ? "-l " : "-s ",
                        name + (is_long ? 2 : 1));
    }
}

/* The other way round: nothing is promised that the table does not have. */
static void no_page_knows_another_option(void **state)
{
    (void)state;
    autofree char *pattern = path_join(SOURCE_DIR, "src/man/*.1.md");
    glob_t found;
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    for (size_t f = 0; f < found.gl_pathc; f++) {
        autofree char *page = source(found.gl_pathv[f] + strlen(SOURCE_DIR) + 1);
        for (const char *p = strstr(page, "**--"); p; p = strstr(p + 1, "**--")) {
            size_t len = strspn(p + 2, "-abcdefghijklmnopqrstuvwxyz");
            bool known = len <= 2; /* the two dashes alone */
            for (size_t i = 0; i < option_count; i++)
                known |= strlen(option_rows[i].name) == len &&
                         strncmp(option_rows[i].name, p + 2, len) == 0;
            if (!known)
                fail_msg("%s has %.*s", found.gl_pathv[f], (int)len, p + 2);
        }
    }
    globfree(&found);
}

static void every_option_says_what_it_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < option_count; i++) {
        assert_non_null(option_rows[i].help);
        assert_in_range(strlen(option_rows[i].help), 5, 60);
        for (size_t j = 0; j < i; j++)
            if (strcmp(option_rows[i].name, option_rows[j].name) == 0)
                assert_int_equal(option_rows[i].commands & option_rows[j].commands, 0);
    }
}

static void a_neighbour_is_found_by_its_name(void **state)
{
    (void)state;
    static const char text[] = "Traceback\nModuleNotFoundError: No module named '";
    static const struct {
        const char *rest;
        const char *module;
    } rows[] = {
        { "test_options'\n", NULL }, { "unit'\n", "unit" }, { "unit.test_options'\n", "unit" },
        { "../unit'\n", NULL },      { "", NULL },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        autofree char *output = xasprintf("%s%s", text, rows[i].rest);
        autofree char *found = hint_neighbour(output, SOURCE_DIR "/tests");
        if (rows[i].module)
            assert_string_equal(found, rows[i].module);
        else
            assert_null(found);
    }
    assert_null(hint_neighbour("all went well", SOURCE_DIR "/tests"));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(options_stop_at_the_script),
    cmocka_unit_test(two_dashes_end_the_options_and_go),
    cmocka_unit_test(code_ends_the_options_and_a_dash_is_a_script),
    cmocka_unit_test(what_is_wrong_is_said),
    cmocka_unit_test(options_of_two_places_add_up),
    cmocka_unit_test(what_stands_behind_two_dashes_is_not_gathered),
    cmocka_unit_test(the_page_of_a_command_knows_its_options),
    cmocka_unit_test(completions_know_every_option),
    cmocka_unit_test(no_page_knows_another_option),
    cmocka_unit_test(every_option_says_what_it_does),
    cmocka_unit_test(a_neighbour_is_found_by_its_name),
};

UNIT_MAIN(tests)
