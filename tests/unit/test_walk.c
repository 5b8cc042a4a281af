/* SPDX-License-Identifier: Apache-2.0 */
/* test_walk.c - trees that strangers made, walked to their end. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "str.h"
#include "unit.h"
#include "walk.h"

static char top[32];
static int top_fd = -1;

static int set_up(void **unused)
{
    (void)unused;
    (void)snprintf(top, sizeof(top), "/tmp/cordon-walk-XXXXXX");
    assert_non_null(mkdtemp(top));
    top_fd = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return top_fd < 0;
}

/* By a walk: some of these trees are too deep for anything else. */
static void remove_all(void)
{
    struct walk_entry entry;
    autowalk struct walk *walk = walk_new(top_fd, SIZE_MAX);
    int r;
    while ((r = walk_next(walk, &entry)) > 0) {
        bool directory = S_ISDIR(entry.st.st_mode);
        if (directory && !entry.left)
            assert_int_equal(walk_enter(walk), 0);
        else
            assert_return_code(unlinkat(entry.dir, entry.name, directory ? AT_REMOVEDIR : 0),
                               errno);
    }
    assert_int_equal(r, 0);
}

static int tear_down(void **unused)
{
    (void)unused;
    remove_all();
    close(top_fd);
    return rmdir(top);
}

static void make_file(int dir, const char *name)
{
    autoclose int fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    assert_return_code(fd, errno);
}

/* "a/ a/x a/b/ a/b/ a/ ..." in the order of the walk; a directory that is left in brackets. */
static char *read_all(int dir, size_t path_max, size_t *count)
{
    struct str out = { 0 };
    struct walk_entry entry;
    autowalk struct walk *walk = walk_new(dir, path_max);
    int r;
    *count = 0;
    while ((r = walk_next(walk, &entry)) > 0) {
        ++*count;
        str_printf(&out, entry.left ? "(%s) " : "%s ", entry.path);
        if (S_ISDIR(entry.st.st_mode) && !entry.left)
            (void)!walk_enter(walk);
    }
    assert_int_equal(r, 0);
    return str_take(&out);
}

static void a_directory_is_left_after_all_that_is_in_it(void **state)
{
    (void)state;
    size_t count;
    assert_return_code(mkdirat(top_fd, "a", 0755), errno);
    assert_return_code(mkdirat(top_fd, "a/b", 0755), errno);
    make_file(top_fd, "a/b/file");
    assert_return_code(symlinkat("/", top_fd, "a/b/link"), errno);
    autofree char *names = read_all(top_fd, PATH_MAX, &count);
    assert_int_equal(count, 6);
    assert_non_null(strstr(names, "a a/b a/b/"));
    assert_non_null(strstr(names, "(a/b) (a) "));
    assert_null(strstr(names, "link/"));
}

/* More directories than one read brings, and each of them entered. */
static void a_wide_directory_goes_on_where_it_was_left(void **state)
{
    (void)state;
    enum { MANY = 500 };
    assert_return_code(mkdirat(top_fd, "wide", 0755), errno);
    for (int i = 0; i < MANY; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "wide/%d", i);
        assert_return_code(mkdirat(top_fd, name, 0755), errno);
    }
    autoclose int wide = openat(top_fd, "wide", O_PATH | O_DIRECTORY | O_CLOEXEC);
    size_t count;
    free(read_all(wide, PATH_MAX, &count));
    assert_int_equal(count, 2 * MANY);
    free(read_all(wide, 0, &count));
    assert_int_equal(count, MANY); /* without paths a directory that is left is not told */
}

enum { DEEP = 1100 };

/* Far deeper than there are descriptors or bytes in a path. */
static void make_deep(void)
{
    autoclose int dir = openat(top_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    for (int i = 0; i < DEEP; i++) {
        assert_return_code(mkdirat(dir, "d", 0755), errno);
        int next = openat(dir, "d", O_PATH | O_DIRECTORY | O_CLOEXEC);
        assert_return_code(next, errno);
        close(dir);
        dir = next;
    }
}

static void a_deep_tree_is_walked_with_few_descriptors(void **state)
{
    (void)state;
    size_t count;
    make_deep();
    free(read_all(top_fd, 0, &count));
    assert_int_equal(count, DEEP);
    free(read_all(top_fd, 1000, &count));
    /* "d/d/..." of 999 bytes is entered, of 1001 is not. */
    assert_int_equal(count, 500 + 501);
}

static void a_tree_can_be_removed_on_the_way(void **state)
{
    (void)state;
    size_t count;
    make_deep();
    remove_all();
    free(read_all(top_fd, 0, &count));
    assert_int_equal(count, 0);
}

static void a_directory_that_moved_meanwhile_ends_the_walk(void **state)
{
    (void)state;
    assert_return_code(mkdirat(top_fd, "here", 0755), errno);
    assert_return_code(mkdirat(top_fd, "here/moved", 0755), errno);
    autoclose int here = openat(top_fd, "here", O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct walk_entry entry;
    autowalk struct walk *walk = walk_new(here, PATH_MAX);
    assert_int_equal(walk_next(walk, &entry), 1);
    assert_int_equal(walk_enter(walk), 0);
    assert_return_code(renameat(top_fd, "here/moved", top_fd, "elsewhere"), errno);
    assert_int_equal(walk_next(walk, &entry), -ESTALE);
    assert_int_equal(walk_next(walk, &entry), -ESTALE);
}

static void a_link_is_not_entered(void **state)
{
    (void)state;
    assert_return_code(symlinkat("/", top_fd, "link"), errno);
    struct walk_entry entry;
    autowalk struct walk *walk = walk_new(top_fd, PATH_MAX);
    assert_int_equal(walk_next(walk, &entry), 1);
    assert_true(S_ISLNK(entry.st.st_mode));
    assert_true(walk_enter(walk) < 0);
    assert_int_equal(walk_next(walk, &entry), 0);
}

#define IN_A_TREE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    IN_A_TREE(a_directory_is_left_after_all_that_is_in_it),
    IN_A_TREE(a_wide_directory_goes_on_where_it_was_left),
    IN_A_TREE(a_deep_tree_is_walked_with_few_descriptors),
    IN_A_TREE(a_tree_can_be_removed_on_the_way),
    IN_A_TREE(a_directory_that_moved_meanwhile_ends_the_walk),
    IN_A_TREE(a_link_is_not_entered),
};

UNIT_MAIN(tests)
