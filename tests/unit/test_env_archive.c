/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sha256.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "env_archive.h"
#include "fd.h"
#include "str.h"
#include "unit.h"

#define RECORD                                                                            \
    "cordon-environment 2\ncreated 1\npython 3.12.1\nuv 1\nmachine Linux x86_64\nbuilds " \
    "isolated\n"                                                                          \
    "requirement a\nend\n"

struct place {
    char path[32];
    int top, env;
};

static int setup(void **state)
{
    struct place *place = xcalloc(1, sizeof(*place));
    memcpy(place->path, "/tmp/cordon-unit-arc-XXXXXX", 28);
    if (!mkdtemp(place->path))
        return -1;
    place->top = open(place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (mkdirat(place->top, "env", 0755) < 0)
        return -1;
    place->env = openat(place->top, "env", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *state = place;
    return place->env < 0 ? -1 : 0;
}

static int teardown(void **state)
{
    struct place *place = *state;
    struct error err = { 0 };
    close(place->top);
    close(place->env);
    int r = tree_remove(AT_FDCWD, place->path, &err);
    free(place);
    return r;
}

static void write_at(int dir, const char *name, const char *text, mode_t mode)
{
    struct error err = { 0 };
    assert_ok(file_write(dir, name, text, strlen(text), mode, &err), &err);
}

static int file_of(const void *bytes, size_t len)
{
    struct error err = { 0 };
    int fd = memfd_sealed("archive", bytes, len, &err);
    assert_true(fd >= 0);
    return fd;
}

/* Head and entries with the right checksum behind them. */
static int archive_of(const char *entries)
{
    static const char head[] = "cordon-environment-archive 1\n";
    autostr struct str text = { 0 };
    str_printf(&text, "%srecord %zu\n%s%s", head, strlen(RECORD), RECORD, entries);
    char hash[SHA256_DIGEST_STRING_LENGTH];
    SHA256Data((const uint8_t *)text.data, text.len, hash);
    str_printf(&text, "end %s\n", hash);
    return file_of(text.data, text.len);
}

static int extract(int in, int env, struct archive_head *head, struct error *err)
{
    struct archive_reader *reader = NULL;
    int r = archive_open(in, &reader, head, err);
    if (r == 0)
        r = archive_extract(reader, env, err);
    archive_close(reader);
    return r;
}

static void what_is_written_is_read_again(void **state)
{
    struct place *place = *state;
    struct error err = { 0 };
    write_at(place->top, "record", RECORD, 0600);
    write_at(place->top, "header", "dependencies = ['a']\n", 0600);
    assert_int_equal(mkdirat(place->env, "lib", 0755), 0);
    write_at(place->env, "lib/a\nb.py", "x = 1\n", 0644);
    write_at(place->env, "lib/empty", "", 0644);
    write_at(place->env, "tool", "#!/bin/sh\n", 0755);
    write_at(place->env, "pyvenv.cfg", "home = /elsewhere\n", 0644);
    assert_int_equal(symlinkat("/bin/sh", place->env, "python"), 0);
    autoclose int file = open(place->path, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    assert_ok(archive_write(place->top, file, &err), &err);
    assert_int_equal(lseek(file, 0, SEEK_SET), 0);

    assert_int_equal(mkdirat(place->top, "there", 0755), 0);
    autoclose int there = openat(place->top, "there", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct archive_head head = { 0 };
    assert_ok(extract(file, there, &head, &err), &err);
    assert_string_equal(head.header, "dependencies = ['a']\n");
    assert_string_equal(head.record.machine, "Linux x86_64");
    assert_true(head.record.builds);
    archive_head_done(&head);
    autofree char *text = NULL;
    assert_ok(file_read(there, "lib/a\nb.py", 100, &text, NULL, &err), &err);
    assert_string_equal(text, "x = 1\n");
    struct stat st;
    assert_int_equal(fstatat(there, "tool", &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0755);
    assert_int_equal(fstatat(there, "lib/empty", &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0644);
    assert_int_equal(faccessat(there, "python", F_OK, AT_SYMLINK_NOFOLLOW), -1);
    assert_int_equal(faccessat(there, "pyvenv.cfg", F_OK, 0), -1);
}

static void hostile_archives_are_refused(void **state)
{
    struct place *place = *state;
    static const char *const wrong[] = {
        "f - 4 2\n../xhi",
        "f - 2 2\n/xhi",
        "f - 4 2\na/..hi",
        "f - 6 2\na/../xhi",
        "f - 1 2\n.hi",
        "f - 0 2\nhi",
        "f - 3 2\na//hi",
        "f - 2 2\na/hi",
        "f - 6 2\nlink/xhi",
        "f - 4 2\nlinkhi",
        "d 4\nlink",
        "d 2\n..",
        "d 6\nlink/x",
        "f s 1 2\nahi",
        "f - 01 2\nahi",
        "f - 1 02\nahi",
        "f - 1 2 \nahi",
        "f - 1 -2\nahi",
        "f - 1 99999999999999999\nahi",
        "f - 1 2\nahif - 1 2\nahi",
        "l 1 2\nahi",
        "d 99999\nx",
        "f - 1 0\nad 1\na",
        "f -  1 0\na",
        "\n",
        "record 0\n",
    };
    assert_int_equal(symlinkat("..", place->env, "link"), 0);
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct error err = { 0 };
        struct archive_head head = { 0 };
        autoclose int in = archive_of(wrong[i]);
        if (extract(in, place->env, &head, &err) >= 0)
            fail_msg("taken: %s", wrong[i]);
        assert_int_equal(err.blame, BLAME_CALLER);
        archive_head_done(&head);
        (void)unlinkat(place->env, "a", 0);
        assert_int_equal(faccessat(place->top, "x", F_OK, 0), -1);
    }
    struct error err = { 0 };
    struct archive_head head = { 0 };
    autoclose int good = archive_of("d 1\nbf - 3 2\nb/chi");
    assert_ok(extract(good, place->env, &head, &err), &err);
    archive_head_done(&head);
}

static void a_cut_or_changed_archive_is_refused(void **state)
{
    struct place *place = *state;
    autoclose int whole = archive_of("d 1\nbf - 3 2\nb/chi");
    struct error err = { 0 };
    autofree char *bytes = NULL;
    size_t len = 0;
    assert_ok(fd_read_all(whole, 10000, &bytes, &len, &err), &err);
    for (size_t i = 0; i < 2 * len; i++) {
        struct archive_head head = { 0 };
        size_t at = i / 2;
        bytes[at] ^= i % 2 ? 1 : 0;
        autoclose int in = file_of(bytes, i % 2 ? len : at);
        assert_true(extract(in, place->env, &head, &err) < 0);
        archive_head_done(&head);
        bytes[at] ^= i % 2 ? 1 : 0;
        (void)unlinkat(place->env, "b/c", 0);
    }
    autofree char *longer = xcalloc(len + 1, 1);
    memcpy(longer, bytes, len);
    autoclose int more = file_of(longer, len + 1);
    struct archive_head head = { 0 };
    assert_int_equal(extract(more, place->env, &head, &err), -EBADMSG);
    assert_says(&err, "follows its end");
    archive_head_done(&head);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(what_is_written_is_read_again, setup, teardown),
    cmocka_unit_test_setup_teardown(hostile_archives_are_refused, setup, teardown),
    cmocka_unit_test_setup_teardown(a_cut_or_changed_archive_is_refused, setup, teardown),
};

UNIT_MAIN(tests)
