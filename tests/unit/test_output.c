/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "job/output.h"
#include "str.h"
#include "unit.h"

#define ID "0000000a-0000-4000-8000-000000000000"

#define PATH "/tmp/cordon-output-XXXXXX"
static char path[sizeof(PATH)];
static int front = -1;
static struct outputs *outputs;

static int begin(void **state)
{
    (void)state;
    struct error err = { 0 };
    (void)snprintf(path, sizeof(path), PATH);
    front = mkdtemp(path) ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    return front < 0 || outputs_open(front, &outputs, &err) < 0;
}

static int finish(void **state)
{
    (void)state;
    struct error err = { 0 };
    outputs_close(outputs);
    close(front);
    return tree_remove(AT_FDCWD, path, &err);
}

static char *text_at(uint64_t offset, size_t len)
{
    struct error err = { 0 };
    struct str out = { 0 };
    assert_ok(output_read(outputs, ID, 1, offset, len, &out, &err), &err);
    return str_take(&out);
}

static void what_was_written_is_read_at_any_offset(void **state)
{
    (void)state;
    struct error err = { 0 };
    struct output_writer *writer = output_begin(outputs, ID);
    assert_ok(output_append(writer, 1, "one\0two", 7, &err), &err);
    assert_ok(output_append(writer, 2, "error", 5, &err), &err);
    assert_int_equal(output_size(outputs, ID, 1), 7);
    assert_ok(output_append(writer, 1, "three", 5, &err), &err); /* while it grows */
    assert_int_equal(output_size(outputs, ID, 1), 12);
    assert_int_equal(output_size(outputs, ID, 2), 5);
    autofree char *middle = text_at(4, 5);
    assert_string_equal(middle, "twoth");
    autofree char *rest = text_at(9, 1000);
    assert_string_equal(rest, "ree");
    autofree char *beyond = text_at(UINT64_MAX, 10);
    assert_string_equal(beyond, "");
    assert_int_equal(output_lost(writer), 0);
    output_end(writer);
}

static void a_job_that_writes_nothing_has_no_file(void **state)
{
    (void)state;
    struct error err = { 0 };
    struct output_writer *writer = output_begin(outputs, ID);
    assert_ok(output_append(writer, 1, "", 0, &err), &err);
    output_end(writer);
    assert_int_equal(unlinkat(front, "output", AT_REMOVEDIR), 0);
    assert_int_equal(output_size(outputs, ID, 1), 0);
    autofree char *nothing = text_at(0, 10);
    assert_string_equal(nothing, "");
}

static void files_are_private_and_are_removed(void **state)
{
    (void)state;
    struct error err = { 0 };
    struct stat st;
    mode_t before = umask(0);
    struct output_writer *writer = output_begin(outputs, ID);
    assert_ok(output_append(writer, 1, "x", 1, &err), &err);
    assert_ok(output_append(writer, 2, "x", 1, &err), &err);
    output_end(writer);
    (void)umask(before);
    assert_int_equal(fstatat(front, "output/" ID ".stdout", &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    output_remove(outputs, ID);
    assert_int_equal(unlinkat(front, "output", AT_REMOVEDIR), 0);
}

static void a_full_disk_is_told_once_and_counted(void **state)
{
    (void)state;
    struct error err = { 0 };
    struct rlimit before, tight;
    struct output_writer *writer = output_begin(outputs, ID);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    tight = before;
    tight.rlim_cur = 10;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    int first = output_append(writer, 1, "0123456", 7, &err);
    int second = output_append(writer, 1, "789abc", 6, &err);
    int third = output_append(writer, 1, "more", 4, &err);
    int other = output_append(writer, 2, "more", 4, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(first, 0);
    assert_int_equal(second, -EFBIG);
    assert_int_equal(err.blame, BLAME_HOST);
    assert_int_equal(third, 0);
    assert_int_equal(other, 0);
    assert_int_equal(output_lost(writer), 3 + 4 + 4);
    output_end(writer);
    autofree char *kept = text_at(0, 100);
    assert_string_equal(kept, "0123456789");
}

static void a_link_or_a_pipe_in_its_place_is_not_followed(void **state)
{
    (void)state;
    struct error err = { 0 };
    struct str out = { 0 };
    assert_int_equal(symlinkat("/etc/passwd", front, "output/" ID ".stdout"), 0);
    assert_true(output_read(outputs, ID, 1, 0, 10, &out, &err) < 0);
    assert_int_equal(output_size(outputs, ID, 1), 0);
    struct output_writer *writer = output_begin(outputs, ID);
    assert_true(output_append(writer, 1, "x", 1, &err) < 0);
    output_end(writer);
    assert_int_equal(unlinkat(front, "output/" ID ".stdout", 0), 0);
    assert_int_equal(mkfifoat(front, "output/" ID ".stdout", 0600), 0);
    assert_true(output_read(outputs, ID, 1, 0, 10, &out, &err) < 0);
    assert_says(&err, "not a regular file");
    str_done(&out);
}

static void a_character_that_may_go_on_is_left(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t whole;
    } cases[] = {
        { "", 0 },
        { "abc", 3 },
        { "ab\xc3", 2 },             /* the first of two */
        { "ab\xc3\xa9", 4 },         /* both */
        { "ab\xe2\x82", 2 },         /* two of three */
        { "\xf0\x9f\x98", 0 },       /* three of four */
        { "\xf0\x9f\x98\x80", 4 },   /* all */
        { "ab\xff", 3 },             /* never a character: goes out */
        { "ab\x80\x80\x80\x80", 6 }, /* nothing that begins */
        { "ab\xe0\x80", 4 },         /* over-long: will be none, whatever comes */
        { "ab\xed\xa0", 4 },         /* a surrogate */
        { "ab\xf4\x90", 4 },         /* past U+10FFFF */
        { "ab\xc0", 3 },
        { "\xe2\x82\xac\xe2", 3 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t len = strlen(cases[i].bytes);
        assert_int_equal(utf8_whole(cases[i].bytes, len, false), cases[i].whole);
        assert_int_equal(utf8_whole(cases[i].bytes, len, true), len);
    }
}

#define IN_A_PLACE(test) cmocka_unit_test_setup_teardown(test, begin, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PLACE(what_was_written_is_read_at_any_offset),
        IN_A_PLACE(a_job_that_writes_nothing_has_no_file),
        IN_A_PLACE(files_are_private_and_are_removed),
        IN_A_PLACE(a_full_disk_is_told_once_and_counted),
        IN_A_PLACE(a_link_or_a_pipe_in_its_place_is_not_followed),
        cmocka_unit_test(a_character_that_may_go_on_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
