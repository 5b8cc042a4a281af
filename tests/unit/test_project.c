/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "project.h"
#include "str.h"
#include "unit.h"

static void a_lock_gives_exact_versions(void **state)
{
    (void)state;
    struct error err = { 0 };
    autolist char **pins = NULL;
    assert_ok(project_pins("# a comment\n"
                           "idna==3.20 ; python_full_version >= '3.10' \\\n"
                           "    --hash=sha256:a7db \\\n"
                           "    --hash=sha256:ab7a\n"
                           "six==1.17.0\n",
                           &pins, &err),
              &err);
    assert_int_equal(list_len(pins), 2);
    assert_string_equal(pins[0], "idna==3.20 ; python_full_version >= '3.10'");
    assert_string_equal(pins[1], "six==1.17.0");
    autolist char **none = NULL;
    assert_ok(project_pins("", &none, &err), &err);
    assert_non_null(none);
    assert_null(none[0]);
}

static void what_is_no_name_with_a_version_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "-e .\n",
        "-e ./packages/member\n",
        "./local\n",
        "six @ git+https://example.org/six\n",
        "six @ https://example.org/six.whl \\\n    --hash=sha256:aa\n",
        "--index-url https://example.org\nsix==1\n",
        "  --hash=sha256:aa\n",
    };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct error err = { 0 };
        char **pins = NULL;
        assert_true(project_pins(wrong[i], &pins, &err) < 0);
        assert_null(pins);
        assert_int_equal(err.blame, BLAME_CALLER);
        assert_says(&err, "uv.lock: ");
    }
}

static struct project read_in(int dir, struct error *err, int *result)
{
    struct sandbox sandbox = { .state_fd = -1 };
    struct pythons none = { 0 };
    struct project project;
    *result = project_read(&sandbox, &none, dir, -1, &project, err);
    return project;
}

/* Nothing of it needs a box: these are told apart before. */
static void only_files_of_the_directory_itself_are_read(void **state)
{
    (void)state;
    char path[] = "/tmp/cordon-unit-project-XXXXXX";
    assert_non_null(mkdtemp(path));
    autoclose int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct error err = { 0 };
    int r;
    struct project project = read_in(dir, &err, &r);
    assert_int_equal(r, 0);
    assert_false(project.keys.is_project);

    assert_int_equal(symlinkat("/etc/passwd", dir, "pyproject.toml"), 0);
    project = read_in(dir, &err, &r);
    assert_int_equal(r, 0);
    assert_null(project.text);
    assert_int_equal(unlinkat(dir, "pyproject.toml", 0), 0);

    assert_int_equal(mkfifoat(dir, "pyproject.toml", 0600), 0);
    project = read_in(dir, &err, &r);
    assert_int_equal(r, 0);
    assert_int_equal(unlinkat(dir, "pyproject.toml", 0), 0);

    assert_ok(file_write(dir, "pyproject.toml", "a\0b", 3, 0644, &err), &err);
    project = read_in(dir, &err, &r);
    assert_int_equal(r, -EINVAL);
    assert_says(&err, "NUL");

    autofree char *large = xcalloc(PROJECT_BYTES_MAX + 1, 1);
    memset(large, '#', PROJECT_BYTES_MAX + 1);
    assert_ok(file_write(dir, "pyproject.toml", large, PROJECT_BYTES_MAX + 1, 0644, &err), &err);
    project = read_in(dir, &err, &r);
    assert_int_equal(r, -EFBIG);
    assert_says(&err, "pyproject.toml has more than");
    assert_ok(tree_remove(AT_FDCWD, path, &err), &err);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_lock_gives_exact_versions),
    cmocka_unit_test(what_is_no_name_with_a_version_is_refused),
    cmocka_unit_test(only_files_of_the_directory_itself_are_read),
};

UNIT_MAIN(tests)
