/* SPDX-License-Identifier: Apache-2.0 */
/* test_roots.c - what a client may name of the host. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "roots.h"
#include "str.h"
#include "unit.h"

static char top[] = "/tmp/cordon-roots-XXXXXX";
static struct sandbox sandbox;

static void put(const char *name, const char *text)
{
    struct error err = { 0 };
    autofree char *path = path_join(top, name);
    assert_ok(file_write(AT_FDCWD, path, text, strlen(text), 0644, &err), &err);
}

static void make_dir(const char *name)
{
    autofree char *path = path_join(top, name);
    assert_return_code(mkdir(path, 0755), errno);
}

static int set_up(void **unused)
{
    (void)unused;
    assert_non_null(mkdtemp(top));
    make_dir("root");
    make_dir("root/project");
    make_dir("root/.ssh");
    make_dir("outside");
    put("root/project/script.py", "print(1)\n");
    put("root/.ssh/id", "key");
    put("outside/secret", "secret");
    autofree char *link = path_join(top, "root/project/link.py");
    autofree char *fifo = path_join(top, "root/project/fifo");
    assert_return_code(symlink("../../outside/secret", link), errno);
    assert_return_code(mkfifo(fifo, 0644), errno);
    list_add_owned(&sandbox.roots, path_join(top, "root"));
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    struct error err = { 0 };
    list_free(sandbox.roots);
    return tree_remove(AT_FDCWD, top, &err);
}

static struct resolved ask(const char *directory, const char *path, int *file)
{
    autofree char *where = directory ? path_join(top, directory) : NULL;
    struct resolve question = { .id = 7, .directory = where, .path = (char *)(uintptr_t)path };
    struct resolved answer;
    roots_resolve(&sandbox, &question, &answer, file);
    assert_int_equal(answer.id, 7);
    return answer;
}

static void refused(const char *directory, const char *path, const char *why)
{
    int file = -1;
    struct resolved answer = ask(directory, path, &file);
    assert_int_not_equal(answer.code, 0);
    assert_int_equal(file, -1);
    if (!strstr(answer.error.text, why))
        fail_msg("\"%s\" does not say \"%s\"", answer.error.text, why);
    resolved_done(&answer);
}

static void a_file_beneath_a_root_comes_as_a_sealed_memfd(void **unused)
{
    (void)unused;
    int file = -1;
    struct resolved answer = ask("root/project", "script.py", &file);
    assert_int_equal(answer.code, 0);
    assert_true(fd_is_sealed(file));
    struct error err = { 0 };
    autofree char *text = NULL;
    assert_ok(fd_read_all(file, 100, &text, NULL, &err), &err);
    assert_string_equal(text, "print(1)\n");
    close(file);
    resolved_done(&answer);
}

static void nothing_outside_is_answered(void **unused)
{
    (void)unused;
    refused("outside", NULL, "outside the allowed directories");
    refused("root/project", "../../outside/secret", "leaves the directory");
    refused("root/project", "link.py", "leaves the directory");
    refused("root/project", "/etc/passwd", "leaves the directory");
    refused(NULL, "/etc/passwd", "outside the allowed directories");
    refused(NULL, "../outside/secret", "outside the allowed directories");
}

static void outside_nothing_is_said_to_be_missing(void **unused)
{
    (void)unused;
    autofree char *planted = path_join(top, "root/project/probe");
    autofree char *absolute = path_join(top, "root/project/absolute");
    assert_return_code(symlink("../../outside/nothing", planted), errno);
    assert_return_code(symlink("/etc/nothing-of-that-name", absolute), errno);
    refused("root/project", "../../outside/nothing", "leaves the directory");
    refused("root/project", "/etc/nothing-of-that-name", "leaves the directory");
    refused("root/project", "probe", "leaves the directory");
    refused("root/project", "absolute", "leaves the directory");
    refused(NULL, "/etc/nothing-of-that-name", "outside the allowed directories");
    refused(NULL, "../outside/nothing", "outside the allowed directories");
    refused("nothing", NULL, "outside the allowed directories");
    refused("root/project/absolute", NULL, "outside the allowed directories");
}

static void what_differs_for_each_process_is_not_followed(void **unused)
{
    (void)unused;
    autofree char *planted = path_join(top, "root/project/magic");
    assert_return_code(symlink("/proc/self/cwd", planted), errno);
    refused("root/project/magic", NULL, "outside the allowed directories");
    refused("root/project", "magic/script.py", "leaves the directory");
    static const char *const paths[] = { "/proc/self/exe", "//proc/self/fd/0",
                                         "/dev/fd/0",      "/dev/stdin",
                                         "/sys",           "/proc" };
    for (size_t i = 0; i < COUNT(paths); i++) {
        refused(NULL, paths[i], "no client's to name");
        refused("root", paths[i], "no client's to name");
    }
    /* Our own directory is within the root: what it is called stays ours all the same. */
    autofree char *inside = path_join(top, "root/project");
    autofree char *before = getcwd(NULL, 0);
    assert_return_code(chdir(inside), errno);
    refused("root/project/magic", NULL, "outside the allowed directories");
    refused("root/../../../proc/self/cwd", NULL, "outside the allowed directories");
    assert_return_code(chdir(before), errno);
}

static void credentials_and_system_directories_are_never_answered(void **unused)
{
    (void)unused;
    refused("root/.ssh", NULL, "credentials");
    refused("root", ".ssh/id", "credentials");
}

static void only_regular_files_of_a_bounded_size_are_read(void **unused)
{
    (void)unused;
    refused("root/project", "fifo", "not a regular file");
    refused("root", "project", "not a regular file");
    autofree char *big = path_join(top, "root/big");
    int fd = open(big, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    assert_return_code(ftruncate(fd, RESOLVE_BYTES_MAX + 1), errno);
    close(fd);
    refused("root", "big", "at most");
}

static void what_is_missing_or_no_directory_is_said(void **unused)
{
    (void)unused;
    refused("root/nothing", NULL, "No such file");
    refused("root/project/script.py", NULL, "not a directory");
    refused("root/project", "nothing.py", "No such file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_beneath_a_root_comes_as_a_sealed_memfd),
        cmocka_unit_test(nothing_outside_is_answered),
        cmocka_unit_test(outside_nothing_is_said_to_be_missing),
        cmocka_unit_test(what_differs_for_each_process_is_not_followed),
        cmocka_unit_test(credentials_and_system_directories_are_never_answered),
        cmocka_unit_test(only_regular_files_of_a_bounded_size_are_read),
        cmocka_unit_test(what_is_missing_or_no_directory_is_said),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
