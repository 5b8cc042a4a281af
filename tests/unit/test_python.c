/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "interpreter.h"
#include "memo.h"
#include "str.h"
#include "unit.h"

/* Strings that may be pointed to without const. */
#define TEXT(literal) ((char[]){ literal })

#define ROW(a, b, c, name)                                                             \
    {                                                                                  \
        .path = TEXT("/opt/" name), .version = TEXT(name), .major = (a), .minor = (b), \
        .micro = (c)                                                                   \
    }

static struct python rows[] = {
    ROW(3, 14, 0, "3.14.0rc1"), ROW(3, 13, 0, "3.13.0"), ROW(3, 12, 4, "3.12.4"),
    ROW(3, 12, 1, "3.12.1"),    ROW(3, 9, 18, "3.9.18"), ROW(3, 8, 18, "3.8.18"),
    ROW(3, 7, 16, "3.7.16"),
};

static struct pythons table = { rows, COUNT(rows) };
static const struct sandbox served = { .oneshot = false };

static int choose(enum python_wish wish, const char *version, char *const *allowed,
                  const struct python **ret, struct error *err)
{
    return python_choose(&served, &table,
                         &(struct python_asked){ wish, version, allowed, "requires-python >=3.9" },
                         -1, ret, err);
}

static const struct choice {
    enum python_wish wish;
    const char *request, *version;
} choices[] = {
    { PYTHON_PREFER, "3.12", "3.12.4" },        { PYTHON_PREFER, "3.11", "3.13.0" },
    { PYTHON_NEWEST, NULL, "3.13.0" },          { PYTHON_EXACT, "3", "3.13.0" },
    { PYTHON_EXACT, "3.12", "3.12.4" },         { PYTHON_EXACT, "3.12.1", "3.12.1" },
    { PYTHON_EXACT, "3.14.0rc1", "3.14.0rc1" }, { PYTHON_EXACT, "3.7", "3.7.16" },
};

static void the_request_decides_which_interpreter_is_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(choices); i++) {
        struct error err = { 0 };
        const struct python *python = NULL;
        assert_ok(choose(choices[i].wish, choices[i].request, NULL, &python, &err), &err);
        assert_string_equal(python->version, choices[i].version);
    }
}

static void what_is_not_there_is_refused_with_the_list_of_what_is(void **state)
{
    (void)state;
    struct error err = { 0 };
    const struct python *python = NULL;
    assert_int_equal(choose(PYTHON_EXACT, "3.99", NULL, &python, &err), -ENOENT);
    assert_string_equal(err.text, "python 3.99 is not on this host; found: 3.14.0rc1 3.13.0 3.12.4 "
                                  "3.12.1 3.9.18 3.8.18 3.7.16");
    assert_int_equal(err.blame, BLAME_CALLER);
    assert_null(python);
    /* "3.1" is a version of its own, not the beginning of 3.12. */
    assert_int_equal(choose(PYTHON_EXACT, "3.1", NULL, &python, &err), -ENOENT);
    /* A pre-release is not "3.14". */
    assert_int_equal(choose(PYTHON_EXACT, "3.14", NULL, &python, &err), -ENOENT);
}

static void what_is_no_version_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = { "abc", "3.", "3.12.1.2", "", "3.12; rm", "-3", "3.12 " };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct error err = { 0 };
        const struct python *python = NULL;
        assert_int_equal(choose(PYTHON_EXACT, wrong[i], NULL, &python, &err), -EINVAL);
        assert_int_equal(err.blame, BLAME_CALLER);
    }
}

static void a_client_cannot_name_a_path(void **state)
{
    (void)state;
    struct error err = { 0 };
    const struct python *python = NULL;
    assert_int_equal(choose(PYTHON_EXACT, "/usr/bin/python3", NULL, &python, &err), -EPERM);
    assert_int_equal(err.blame, BLAME_POLICY);
}

static void requires_python_narrows_every_wish(void **state)
{
    (void)state;
    char *const old[] = { rows[5].version, rows[6].version, NULL }; /* 3.8 and 3.7 */
    char *const none[] = { NULL };
    struct error err = { 0 };
    const struct python *python = NULL;
    assert_ok(choose(PYTHON_PREFER, "3.12", old, &python, &err), &err);
    assert_string_equal(python->version, "3.8.18");
    assert_int_equal(choose(PYTHON_NEWEST, NULL, none, &python, &err), -ENOENT);
    assert_says(&err, "requires-python >=3.9");
    assert_int_equal(choose(PYTHON_EXACT, "3.12", old, &python, &err), -EINVAL);
    assert_says(&err, "does not admit 3.12.4");
}

static void an_interpreter_never_brings_a_home_or_a_system_directory_into_a_box(void **state)
{
    (void)state;
    char *const homes[] = { TEXT("/home/ada"), TEXT("/data/people/bob"), TEXT("/usr/sbin"),
                            TEXT("/bin"), NULL };
    static const char *const refused[] = { "/",
                                           "/root",
                                           "/home",
                                           "/home/ada",
                                           "/etc",
                                           "/opt",
                                           "/data",
                                           "/data/people",
                                           "/etc/x",
                                           "/proc/self",
                                           "/home/ada/.local",
                                           "/home/ada/.ssh",
                                           "/var",
                                           "/data/people/bob" };
    static const char *const fine[] = { "/usr", "/usr/local", "/opt/python", "/home/ada/.pyenv/v/3",
                                        "/home/ada/python" };
    for (size_t i = 0; i < COUNT(refused); i++) {
        struct error err = { 0 };
        assert_int_equal(prefix_check(refused[i], homes, &err), -EPERM);
    }
    for (size_t i = 0; i < COUNT(fine); i++) {
        struct error err = { 0 };
        assert_ok(prefix_check(fine[i], homes, &err), &err);
    }
}

static void a_script_is_no_interpreter(void **state)
{
    (void)state;
    char path[] = "/tmp/unit-shim-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_true(dprintf(fd, "#!/bin/sh\nexec python3 \"$@\" # %080d\n", 0) > 0);
    assert_int_equal(fchmod(fd, 0755), 0);
    close(fd);
    struct error err = { 0 };
    char *real = NULL;
    assert_int_equal(program_real(path, &real, &err), -ENOEXEC);
    assert_null(real);
    assert_ok(program_real("/proc/self/exe", &real, &err), &err);
    free(real);
    unlink(path);
}

static void what_was_learnt_is_remembered_line_by_line(void **state)
{
    (void)state;
    char path[] = "/tmp/unit-memo-XXXXXX";
    assert_non_null(mkdtemp(path));
    autoclose int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct sandbox sandbox = { .state = path, .state_fd = dir };

    automemo struct memo first = { 0 };
    memo_put(&first, "/bin/a 1", "3.12.1");
    memo_put(&first, "/bin/a\nforged", "line"); /* cannot be kept */
    memo_keep(&sandbox, "facts", &first);
    automemo struct memo second = { 0 };
    memo_put(&second, "/bin/b 2", "!no");
    memo_keep(&sandbox, "facts", &second);

    automemo struct memo all = { 0 };
    memo_load(&sandbox, "facts", &all);
    assert_int_equal(list_len(all.keys), 2);
    assert_string_equal(memo_get(&all, "/bin/a 1"), "3.12.1");
    assert_string_equal(memo_get(&all, "/bin/b 2"), "!no");
    assert_null(memo_get(&all, "/bin/c"));
    unlinkat(dir, "facts", 0);
    unlinkat(dir, "facts.lock", 0);
    rmdir(path);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void the_table_is_kept_until_something_it_depends_on_changes(void **state)
{
    (void)state;
    char path[] = "/tmp/unit-table-XXXXXX";
    assert_non_null(mkdtemp(path));
    autofree char *searched = path_join(path, "searched");
    autofree char *program = path_join(path, "python3");
    assert_int_equal(mkdir(searched, 0700), 0);
    write_file(program, "one");
    autoclose int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    char *settings[] = { TEXT("PATH=/a"), NULL };
    struct sandbox sandbox = { .state = path, .state_fd = dir, .settings = settings };

    struct python row = { .path = program, .version = rows[3].version };
    struct pythons kept = { &row, 1 }, back = { 0 };
    struct candidates candidates = { 0 };
    list_add(&candidates.watched, searched);
    assert_false(table_recall(&sandbox, &back));
    table_keep(&sandbox, &candidates, &kept);
    assert_true(table_recall(&sandbox, &back));
    assert_int_equal(back.count, 1);
    assert_string_equal(back.list[0].path, program);
    assert_int_equal(back.list[0].minor, 12);
    pythons_done(&back);

    settings[0] = TEXT("PATH=/b");
    assert_false(table_recall(&sandbox, &back));
    settings[0] = TEXT("PATH=/a");
    assert_true(table_recall(&sandbox, &back));
    pythons_done(&back);

    write_file(program, "another");
    assert_false(table_recall(&sandbox, &back));
    table_keep(&sandbox, &candidates, &kept);
    autofree char *new = path_join(searched, "python3");
    write_file(new, "");
    assert_false(table_recall(&sandbox, &back));

    list_free(candidates.watched);
    struct error err = { 0 };
    close(fd_take(&dir));
    assert_ok(tree_remove(AT_FDCWD, path, &err), &err);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_request_decides_which_interpreter_is_taken),
    cmocka_unit_test(what_is_not_there_is_refused_with_the_list_of_what_is),
    cmocka_unit_test(what_is_no_version_is_refused),
    cmocka_unit_test(a_client_cannot_name_a_path),
    cmocka_unit_test(requires_python_narrows_every_wish),
    cmocka_unit_test(an_interpreter_never_brings_a_home_or_a_system_directory_into_a_box),
    cmocka_unit_test(a_script_is_no_interpreter),
    cmocka_unit_test(the_table_is_kept_until_something_it_depends_on_changes),
    cmocka_unit_test(what_was_learnt_is_remembered_line_by_line),
};

UNIT_MAIN(tests)
