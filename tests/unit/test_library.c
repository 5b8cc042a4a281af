/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cordon/launch.h>

#include "fd.h"
#include "script/library.h"
#include "str.h"
#include "unit.h"

#define TEMPLATE "/tmp/cordon-library-XXXXXX"

static char place[] = TEMPLATE;
static struct library library = { .path = place, .owner = "local" };

static int set_up(void **state)
{
    (void)state;
    memcpy(place, TEMPLATE, sizeof(place));
    if (!mkdtemp(place))
        return -1;
    library.front = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return library.front < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    struct error err;
    close(library.front);
    return tree_remove(AT_FDCWD, place, &err);
}

static bool save(const char *name, const char *text, bool overwrite)
{
    struct error err = { 0 };
    bool written = false;
    assert_ok(library_save(&library, name, text, strlen(text), overwrite, &written, &err), &err);
    return written;
}

static void assert_holds(const char *name, const char *text)
{
    struct error err = { 0 };
    autofree char *got = NULL;
    assert_ok(library_read(&library, name, &got, NULL, &err), &err);
    assert_string_equal(got, text);
}

static void names_are_safe_file_names(void **state)
{
    (void)state;
    static const char *const good[][2] = {
        { "a", "a" }, { "Report.py", "Report" }, { "a.b-c_d", "a.b-c_d" }, { "_x", "_x" },
        { "9", "9" }, { "a.PY", "a.PY" },        { "a..b", "a..b" }
    };
    static const char *const bad[] = { "",        ".py", ".",           "..",   "../x",
                                       "a/b",     "/x",  ".x",          "-x",   "a b",
                                       "a.py.py", "a\n", "caf\xc3\xa9", "a\\b", "..py",
                                       "a:b",     "~" };
    struct error err = { 0 };
    for (size_t i = 0; i < COUNT(good); i++) {
        autofree char *name = NULL;
        assert_ok(script_name_check(good[i][0], &name, &err), &err);
        assert_string_equal(name, good[i][1]);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        char *name = NULL;
        assert_true(script_name_check(bad[i], &name, &err) < 0);
        assert_null(name);
        assert_int_equal(err.blame, BLAME_CALLER);
    }
    char longest[SCRIPT_NAME_MAX + 5];
    memset(longest, 'a', sizeof(longest));
    memcpy(longest + SCRIPT_NAME_MAX, ".py", 4);
    autofree char *name = NULL;
    assert_ok(script_name_check(longest, &name, &err), &err);
    memcpy(longest + SCRIPT_NAME_MAX, "a", 2);
    assert_true(script_name_check(longest, &name, &err) < 0);
}

static void what_is_saved_is_there(void **state)
{
    (void)state;
    assert_true(save("a", "one", false));
    assert_holds("a", "one");
    assert_false(save("a", "two", false));
    assert_holds("a", "one");
    assert_true(save("a", "two", true));
    assert_holds("a", "two");
    autofree char *path = library_path(&library, "a");
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    struct error err = { 0 };
    assert_ok(library_remove(&library, "a", &err), &err);
    assert_int_equal(library_remove(&library, "a", &err), -ENOENT);
    assert_int_equal(err.blame, BLAME_CALLER);
}

static void nothing_saved_is_an_empty_list(void **state)
{
    (void)state;
    struct error err = { 0 };
    struct script_list list;
    autofree char *text = NULL;
    assert_ok(library_list(&library, false, &list, &err), &err);
    assert_int_equal(list.total, 0);
    script_list_done(&list);
    assert_int_equal(library_read(&library, "a", &text, NULL, &err), -ENOENT);
    assert_says(&err, "no saved script \"a\"");
}

static void a_list_says_what_scripts_are(void **state)
{
    (void)state;
    struct error err = { 0 };
    struct script_list list;
    save("b", "'''Does b.'''\n", false);
    save("a", "# /// script\n# dependencies = []\n# ///\n", false);
    assert_ok(library_list(&library, false, &list, &err), &err);
    assert_int_equal(list.count, 2);
    assert_string_equal(list.scripts[0].name, "a");
    assert_null(list.scripts[0].docstring);
    assert_string_equal(list.scripts[0].header, "dependencies = []\n");
    assert_string_equal(list.scripts[1].docstring, "Does b.");
    assert_null(list.scripts[1].header);
    script_list_done(&list);
}

static void what_is_no_file_is_no_script(void **state)
{
    (void)state;
    struct error err = { 0 };
    struct script_list list;
    autofree char *text = NULL;
    save("a", "1", false);
    autofree char *local = xasprintf("%s/scripts/local", place);
    autoclose int dir = open(local, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(dir >= 0);
    assert_int_equal(symlinkat("/etc/passwd", dir, "link.py"), 0);
    assert_int_equal(mkdirat(dir, "dir.py", 0700), 0);
    assert_int_equal(mkfifoat(dir, "fifo.py", 0600), 0);
    assert_int_equal(symlinkat("a.py", dir, "other.txt"), 0);
    assert_int_equal(mknodat(dir, "bad name.py", S_IFREG | 0600, 0), 0);
    assert_ok(library_list(&library, false, &list, &err), &err);
    assert_int_equal(list.total, 1);
    script_list_done(&list);
    assert_true(library_read(&library, "link", &text, NULL, &err) < 0);
    assert_says(&err, "is a link");
    assert_true(library_read(&library, "dir", &text, NULL, &err) < 0);
    assert_true(library_read(&library, "fifo", &text, NULL, &err) < 0);
    /* A link is replaced, not followed. */
    assert_false(save("link", "2", false));
    assert_true(save("link", "2", true));
    assert_holds("link", "2");
}

static void the_way_there_is_not_followed_either(void **state)
{
    (void)state;
    struct error err = { 0 };
    bool written = false;
    autofree char *text = NULL;
    struct script_list list;
    assert_int_equal(symlinkat("/tmp", library.front, "scripts"), 0);
    assert_true(library_save(&library, "a", "1", 1, true, &written, &err) < 0);
    assert_false(written);
    assert_true(library_read(&library, "a", &text, NULL, &err) < 0);
    assert_true(library_list(&library, false, &list, &err) < 0);
    assert_int_equal(err.blame, BLAME_HOST);
}

static void a_library_is_bounded(void **state)
{
    (void)state;
    struct error err = { 0 };
    bool written = false;
    save("a", "1", false);
    autofree char *local = xasprintf("%s/scripts/local", place);
    autoclose int dir = open(local, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int i = 1; i < LIBRARY_COUNT_MAX; i++) {
        autofree char *file = xasprintf("x%d.py", i);
        autoclose int fd = openat(dir, file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
    }
    assert_true(library_save(&library, "new", "1", 1, false, &written, &err) < 0);
    assert_says(&err, "remove one");
    assert_true(save("a", "2", true));
    assert_int_equal(unlinkat(dir, "x1.py", 0), 0);
    assert_true(save("new", "1", false));
    autoclose int big = openat(dir, "x2.py", O_WRONLY | O_CLOEXEC);
    assert_int_equal(ftruncate(big, (off_t)LIBRARY_BYTES_MAX), 0);
    assert_true(library_save(&library, "a", "3", 1, true, &written, &err) < 0);
    assert_says(&err, "32 MiB");
    assert_true(library_save(&library, "a", "3", SCRIPT_BYTES_MAX + 1, true, &written, &err) < 0);
    assert_says(&err, "4 MiB");
    assert_holds("a", "2");
    struct script_list list;
    assert_ok(library_list(&library, false, &list, &err), &err);
    assert_int_equal(list.total, LIBRARY_COUNT_MAX);
    script_list_done(&list);
}

static void what_was_left_unfinished_goes(void **state)
{
    (void)state;
    save("a", "1", false);
    autofree char *local = xasprintf("%s/scripts/local", place);
    autoclose int dir = open(local, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(mknodat(dir, ".new-old", S_IFREG | 0600, 0), 0);
    assert_int_equal(mknodat(dir, ".new-young", S_IFREG | 0600, 0), 0);
    const struct timespec long_ago[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
    assert_int_equal(utimensat(dir, ".new-old", long_ago, 0), 0);
    save("b", "1", false);
    struct stat st;
    assert_int_equal(fstatat(dir, ".new-old", &st, 0), -1);
    assert_int_equal(fstatat(dir, ".new-young", &st, 0), 0);
}

static void assert_text(const char *text, bool characters, const char *words)
{
    struct error err = { 0 };
    int r = script_text_check(text, strlen(text), characters, &err);
    if (!words) {
        assert_ok(r, &err);
        return;
    }
    assert_true(r < 0);
    assert_int_equal(err.blame, BLAME_CALLER);
    assert_says(&err, words);
}

static void a_text_is_what_it_says(void **state)
{
    (void)state;
    struct error err = { 0 };
    assert_text("x = '\xc3\xa9'", true, NULL);
    assert_text("# coding: latin-1\n\xe9", false, NULL);
    assert_text("# coding: latin-1\nx", true, NULL);
    assert_text("# coding: latin-1\n\xc3\xa9", true, "says it is in latin-1");
    assert_text("x = '\xe9'", false, "not UTF-8");
    assert_true(script_text_check("a\0b", 3, true, &err) < 0);
    assert_says(&err, "NUL");
    autofree char *long_text = xcalloc(5UL << 20, 1);
    assert_true(script_text_check(long_text, 5UL << 20, true, &err) < 0);
    assert_says(&err, "4 MiB");
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(names_are_safe_file_names),
    IN_PLACE(what_is_saved_is_there),
    IN_PLACE(nothing_saved_is_an_empty_list),
    IN_PLACE(a_list_says_what_scripts_are),
    IN_PLACE(what_is_no_file_is_no_script),
    IN_PLACE(the_way_there_is_not_followed_either),
    IN_PLACE(a_library_is_bounded),
    IN_PLACE(what_was_left_unfinished_goes),
    cmocka_unit_test(a_text_is_what_it_says),
};

UNIT_MAIN(tests)
