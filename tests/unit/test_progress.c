/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "fd.h"
#include "progress.h"
#include "str.h"
#include "unit.h"

static void the_last_line_that_is_one_counts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool found;
        double current, total;
        const char *message;
    } rows[] = {
        { "1 3 one\n2 3 two words\n", true, 2, 3, "two words" },
        { "1 3 one\n2 3 half", true, 1, 3, "one" },
        { "1 3 one\nnonsense\n\n", true, 1, 3, "one" },
        { "0.5 0\n", true, 0.5, 0, "" },
        { "1e3 2E3  far\n", true, 1000, 2000, "far" },
        { "cut in the middle\n3 4 x\n", true, 3, 4, "x" },
        { "1 2 a\x1b[31mb\tc\n", true, 1, 2, "a?[31mb?c" },
        { "1 2 \xff\xc3\xa9\n", true, 1, 2, "???" },
        { "-1 2 x\n", false, 0, 0, "" },
        { "nan 2 x\n", false, 0, 0, "" },
        { "inf inf x\n", false, 0, 0, "" },
        { "1e99 2 x\n", false, 0, 0, "" },
        { "0x10 20 x\n", false, 0, 0, "" },
        { "1\n", false, 0, 0, "" },
        { "1 2 no end", false, 0, 0, "" },
        { "", false, 0, 0, "" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct progress_note note = { 0 };
        if (progress_parse(rows[i].text, strlen(rows[i].text), &note) != rows[i].found)
            fail_msg("%s", rows[i].text);
        assert_true(note.current == rows[i].current && note.total == rows[i].total);
        assert_string_equal(note.message, rows[i].message);
    }
}

static void a_long_message_is_cut_between_characters(void **state)
{
    (void)state;
    autostr struct str text = { 0 };
    str_puts(&text, "1 2 ");
    for (size_t i = 0; i < 250; i++)
        str_puts(&text, "\xc3\xa9");
    str_putc(&text, '\n');
    struct progress_note note;
    assert_true(progress_parse(text.data, text.len, &note));
    assert_int_equal(strlen(note.message), sizeof(note.message) - 2);
    assert_memory_equal(note.message, text.data + 4, sizeof(note.message) - 2);
}

/* --- a script that means no good ------------------------------------------------------- */

struct place {
    char path[64];
    int dir;
    struct progress_watch watch;
};

static int setup(void **state)
{
    static struct place place;
    place = (struct place){ .path = "/tmp/cordon-progress-XXXXXX" };
    assert_non_null(mkdtemp(place.path));
    place.dir = open(place.path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    *state = &place;
    return 0;
}

static int teardown(void **state)
{
    struct place *place = *state;
    (void)unlinkat(place->dir, PROGRESS_FILE, 0);
    (void)unlinkat(place->dir, "other", 0);
    close(place->dir);
    return rmdir(place->path);
}

static void append(struct place *place, const char *name, const char *text)
{
    struct error err;
    autoclose int fd = openat(place->dir, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_ok(fd_write_all(fd, text, strlen(text), &err), &err);
}

static void what_has_not_changed_is_not_told_again(void **state)
{
    struct place *place = *state;
    assert_false(progress_look(&place->watch, place->dir));
    append(place, PROGRESS_FILE, "1 2 a\n");
    assert_true(progress_look(&place->watch, place->dir));
    assert_false(progress_look(&place->watch, place->dir));
    append(place, PROGRESS_FILE, "2 2 b\n");
    assert_true(progress_look(&place->watch, place->dir));
    assert_string_equal(place->watch.last.message, "b");
}

static void of_a_huge_file_only_the_end_is_read(void **state)
{
    struct place *place = *state;
    append(place, PROGRESS_FILE, "1 9 first\n");
    autoclose int fd = openat(place->dir, PROGRESS_FILE, O_WRONLY | O_CLOEXEC);
    assert_int_equal(ftruncate(fd, (off_t)1 << 40), 0);
    assert_false(progress_look(&place->watch, place->dir));
    append(place, PROGRESS_FILE, "\n8 9 last\n");
    assert_true(progress_look(&place->watch, place->dir));
    assert_string_equal(place->watch.last.message, "last");
}

static void only_a_file_of_its_own_is_read(void **state)
{
    struct place *place = *state;
    append(place, "other", "1 2 stolen\n");
    assert_int_equal(symlinkat("other", place->dir, PROGRESS_FILE), 0);
    assert_false(progress_look(&place->watch, place->dir));
    assert_int_equal(unlinkat(place->dir, PROGRESS_FILE, 0), 0);
    assert_int_equal(symlinkat("/etc/hostname", place->dir, PROGRESS_FILE), 0);
    assert_false(progress_look(&place->watch, place->dir));
    assert_int_equal(unlinkat(place->dir, PROGRESS_FILE, 0), 0);
    assert_int_equal(mkfifoat(place->dir, PROGRESS_FILE, 0600), 0);
    assert_false(progress_look(&place->watch, place->dir)); /* and does not wait for a writer */
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_last_line_that_is_one_counts),
    cmocka_unit_test(a_long_message_is_cut_between_characters),
    cmocka_unit_test_setup_teardown(what_has_not_changed_is_not_told_again, setup, teardown),
    cmocka_unit_test_setup_teardown(of_a_huge_file_only_the_end_is_read, setup, teardown),
    cmocka_unit_test_setup_teardown(only_a_file_of_its_own_is_read, setup, teardown),
};

UNIT_MAIN(tests)
