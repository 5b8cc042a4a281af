/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fd.h"
#include "header_program.h"
#include "helper.h"
#include "requirement.h"
#include "str.h"
#include "unit.h"

/* --- requirement strings ------------------------------------------------------- */

static void a_requirement_is_a_name_with_versions(void **state)
{
    (void)state;
    static const char *const fine[] = {
        "requests",
        "requests[socks,use_chardet_on_py3]>=2.8.1, == 2.8.* ; python_version < \"2.7\"",
        "A.B-C_d",
        "numpy>=1.26,<3",
        "name (>=1)",
        " spaced ",
        "x===1.0+local",
        "requests=>1", /* uv's to judge */
    };
    for (size_t i = 0; i < COUNT(fine); i++) {
        struct error err = { 0 };
        assert_ok(requirement_admit(fine[i], &err), &err);
    }
}

static void nothing_that_is_a_place_or_an_option_reaches_uv(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "requests @ https://example.org/requests.whl",
        "requests@file:///etc/passwd",
        "https://example.org/x.whl",
        "git+https://example.org/x",
        "git+ssh://git@example.org/x",
        "./local",
        "../up",
        "/srv/x",
        "~/x",
        "dir/sub",
        "C:\\x",
        "-r requirements.txt",
        "-e .",
        "--index-url https://example.org",
        " --find-links=/x",
        "local.whl",
        "x.tar.gz[extra]",
        "requirements.txt",
        "pylock.toml",
        "setup.py",
        "",
        "   ",
        "a\nb",
        "a\tb",
        "a\x7f",
        "caf\xff",
    };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct error err = { 0 };
        assert_int_equal(requirement_admit(wrong[i], &err), -EINVAL);
        assert_int_equal(err.blame, BLAME_CALLER);
        assert_null(strpbrk(err.text, "\n\t\x7f"));
    }
}

static void a_refusal_names_the_requirement_without_its_password(void **state)
{
    (void)state;
    struct error err = { 0 };
    assert_int_equal(requirement_admit("x @ https://bob:canary@example.org/x?token=canary", &err),
                     -EINVAL);
    assert_says(&err, "x @ https://example.org/x");
    assert_null(strstr(err.text, "canary"));
}

static void too_many_or_too_long_is_refused(void **state)
{
    (void)state;
    struct error err = { 0 };
    autofree char *longest = xcalloc(REQUIREMENT_MAX + 2, 1);
    memset(longest, 'a', REQUIREMENT_MAX + 1);
    assert_int_equal(requirement_admit(longest, &err), -EINVAL);
    longest[REQUIREMENT_MAX] = '\0';
    assert_ok(requirement_admit(longest, &err), &err);
    autolist char **many = NULL;
    for (int i = 0; i < REQUIREMENTS_MAX; i++)
        list_add(&many, "x");
    assert_ok(requirements_admit(many, &err), &err);
    list_add(&many, "x");
    assert_int_equal(requirements_admit(many, &err), -E2BIG);
}

static void urls_lose_their_user_and_their_query(void **state)
{
    (void)state;
    static const struct {
        const char *before, *after;
    } rows[] = {
        { "http://u:p@h/x", "http://h/x" },
        { "at `https://u:p@h/simple/`: no", "at `https://h/simple/`: no" },
        { "http://u:p/w@h/x", "http://h/x" }, /* a password with a slash in it */
        { "a http://u@h b https://v:w@i?k=1 c", "a http://h b https://i c" },
        { "https://h/x", "https://h/x" },
        { "mail a@b", "mail a@b" },
        { "https://", "https://" },
        { "https://a@", "https://" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        autofree char *text = xstrdup(rows[i].before);
        redact_urls(text);
        assert_string_equal(text, rows[i].after);
    }
}

/* --- what comes back from a box -------------------------------------------------- */

static void an_answer_counts_only_with_its_end(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "", "a\n", "a\nend", "a\rb\nend\n", "a\tb\nend\n", "\xff\nend\n", "\x1b[1m\nend\n"
    };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct error err = { 0 };
        char **lines = NULL;
        assert_int_equal(helper_lines(wrong[i], strlen(wrong[i]), &lines, &err), -EBADMSG);
        assert_null(lines);
    }
    struct error err = { 0 };
    autolist char **lines = NULL;
    static const char good[] = "a b\nc\nend\nrubbish after it\n";
    assert_ok(helper_lines(good, sizeof(good) - 1, &lines, &err), &err);
    assert_int_equal(list_len(lines), 2);
    assert_string_equal(helper_value(lines[0], "a"), "b");
    assert_null(helper_value(lines[1], "c"));
    char **nul = NULL;
    assert_int_equal(helper_lines("a\0b\nend\n", 8, &nul, &err), -EBADMSG);
}

static void an_answer_is_bounded(void **state)
{
    (void)state;
    autostr struct str text = { 0 };
    for (int i = 0; i <= HELPER_LINES_MAX; i++)
        str_puts(&text, "x\n");
    str_puts(&text, "end\n");
    struct error err = { 0 };
    char **lines = NULL;
    assert_int_equal(helper_lines(text.data, text.len, &lines, &err), -EBADMSG);
    autostr struct str line = { 0 };
    for (int i = 0; i <= HELPER_LINE_MAX; i++)
        str_putc(&line, 'x');
    str_puts(&line, "\nend\n");
    assert_int_equal(helper_lines(line.data, line.len, &lines, &err), -EBADMSG);
}

/* --- the Python side, run here by the host's own interpreter, without a box ------- */

static const char *reader(void)
{
    static const char *const names[] = { "/usr/bin/python3.14", "/usr/bin/python3.13",
                                         "/usr/bin/python3.12", "/usr/bin/python3.11" };
    for (size_t i = 0; i < COUNT(names); i++)
        if (access(names[i], X_OK) == 0)
            return names[i];
    return NULL;
}

/* The answer's lines joined with "|". */
static char *ask(const char *mode, const char *input)
{
    struct error err = { 0 };
    int in = memfd_sealed("input", input, strlen(input), &err);
    int out[2];
    assert_true(in >= 0);
    assert_int_equal(pipe(out), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(in, 0);
        dup2(out[1], 1);
        close(out[0]);
        execl(reader(), "python3", "-I", "-S", "-c", header_program, mode, "3.14.0rc1", "3.13.0",
              "3.12.1", "3.9.18", (char *)NULL);
        _exit(127);
    }
    close(in);
    close(out[1]);
    autofree char *text = NULL;
    size_t len = 0;
    assert_ok(fd_read_all(out[0], 1 << 20, &text, &len, &err), &err);
    close(out[0]);
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    autolist char **lines = NULL;
    assert_ok(helper_lines(text, len, &lines, &err), &err);
    autostr struct str joined = { 0 };
    for (size_t i = 0; i < list_len(lines); i++)
        str_printf(&joined, "%s%s", i ? "|" : "", lines[i]);
    return str_take(&joined);
}

static void only_dependencies_and_requires_python_count(void **state)
{
    (void)state;
    if (!reader())
        skip();
    static const struct {
        const char *toml, *answer; /* NULL: refused, for `why` */
        const char *why;
    } rows[] = {
        { "dependencies = ['a', 'b>=1']\nrequires-python = '>=3.12,<3.13'\n[tool.black]\nx = 1\n",
          "listed|dependency a|dependency b>=1|requires >=3.12,<3.13|version 3.12.1", NULL },
        { "", "", NULL },
        { "[[tool.uv.index]]\nurl = 'https://example.org'\n", NULL, "tool.uv.index" },
        { "[tool.uv]\nno-build = false\n", NULL, "tool.uv.no-build" },
        { "[tool.uv.sources]\na = { git = 'https://example.org' }\n", NULL, "tool.uv.sources" },
        { "tool.uv = 1\n", NULL, "tool.uv is not a table" },
        { "dependencies = 'a'\n", NULL, "not a list of strings" },
        { "dependencies = [\"a\\nb\"]\n", NULL, "dependency 1" },
        { "requires-python = '>=3.x'\n", NULL, "requires-python" },
        { "dependencies = [\n", NULL, "not TOML" },
        { "a = 1\na = 2\n", NULL, "not TOML" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        autofree char *answer = ask("header", rows[i].toml);
        if (rows[i].answer)
            assert_string_equal(answer, rows[i].answer);
        else if (!starts_with(answer, "refused ") || !strstr(answer, rows[i].why))
            fail_msg("\"%s\" is not a refusal for %s", answer, rows[i].why);
    }
}

static void of_a_project_what_leads_elsewhere_is_refused(void **state)
{
    (void)state;
    if (!reader())
        skip();
#define PROJECT "[project]\nname = 'a'\ndependencies = ['b']\n"
    static const struct {
        const char *mode, *toml, *answer; /* NULL: refused, for `why` */
        const char *why;
    } rows[] = {
        { "project", PROJECT, "project|listed|dependency b", NULL },
        { "locked", PROJECT, "project|listed|dependency b", NULL },
        { "project", "[project]\nname = 'a'\ndynamic = ['dependencies']\n", "project", NULL },
        { "project", "[tool.black]\nx = 1\n", "", NULL },
        { "project", "[[tool.uv.index]]\nurl = 'x'\n", "", NULL }, /* of no project */
        { "project", PROJECT "[tool.uv]\ndev-dependencies = ['x']\npackage = false\n",
          "project|listed|dependency b", NULL },
        { "project", PROJECT "[[tool.uv.index]]\nurl = 'x'\n", NULL, "tool.uv.index" },
        { "locked", PROJECT "[[tool.uv.index]]\nurl = 'x'\n", NULL, "tool.uv.index" },
        { "project", PROJECT "[tool.uv.sources]\nb = { path = '.' }\n", NULL, "tool.uv.sources" },
        { "locked", PROJECT "[tool.uv]\nfind-links = ['x']\n", NULL, "tool.uv.find-links" },
        { "locked", PROJECT "[tool.uv.pip]\nindex-url = 'x'\n", NULL, "tool.uv.pip" },
        { "locked", PROJECT "[tool.uv]\nnever-heard-of = 1\n", NULL, "tool.uv.never-heard-of" },
        { "project", PROJECT "[tool.uv]\nconstraint-dependencies = ['c<2']\n", NULL, "uv.lock" },
        { "locked", PROJECT "[tool.uv]\nconstraint-dependencies = ['c<2']\n",
          "project|listed|dependency b", NULL },
        { "project", "project = 1\n", NULL, "not a table" },
        { "project", "[project]\ndependencies = 1\n", NULL, "not a list" },
        { "project", "[project\n", NULL, "not TOML" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        autofree char *answer = ask(rows[i].mode, rows[i].toml);
        if (rows[i].answer)
            assert_string_equal(answer, rows[i].answer);
        else if (!starts_with(answer, "refused ") || !strstr(answer, rows[i].why))
            fail_msg("\"%s\" is not a refusal for %s", answer, rows[i].why);
    }
}

static void requires_python_is_evaluated_as_pep_440_says(void **state)
{
    (void)state;
    if (!reader())
        skip();
    static const struct {
        const char *specifier, *answer;
    } rows[] = {
        { ">=3.9,<3.13", "version 3.12.1|version 3.9.18" },
        { "~=3.12", "version 3.14.0rc1|version 3.13.0|version 3.12.1" },
        { "~=3.12.0", "version 3.12.1" },
        { "==3.12.*", "version 3.12.1" },
        { "!=3.12.*,!=3.13.*", "version 3.14.0rc1|version 3.9.18" },
        { "==3.12", "" },
        { "<=3.12", "version 3.9.18" },
        { "<3.14", "version 3.13.0|version 3.12.1|version 3.9.18" }, /* not its own rc */
        { ">=3.14.0rc1", "version 3.14.0rc1" },
        { "===3.12.1", "version 3.12.1" },
        { ">=3.99", "" },
        { "", "version 3.14.0rc1|version 3.13.0|version 3.12.1|version 3.9.18" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        autofree char *answer = ask("versions", rows[i].specifier);
        assert_string_equal(answer, rows[i].answer);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_requirement_is_a_name_with_versions),
    cmocka_unit_test(nothing_that_is_a_place_or_an_option_reaches_uv),
    cmocka_unit_test(a_refusal_names_the_requirement_without_its_password),
    cmocka_unit_test(too_many_or_too_long_is_refused),
    cmocka_unit_test(urls_lose_their_user_and_their_query),
    cmocka_unit_test(an_answer_counts_only_with_its_end),
    cmocka_unit_test(an_answer_is_bounded),
    cmocka_unit_test(only_dependencies_and_requires_python_count),
    cmocka_unit_test(of_a_project_what_leads_elsewhere_is_refused),
    cmocka_unit_test(requires_python_is_evaluated_as_pep_440_says),
};

UNIT_MAIN(tests)
