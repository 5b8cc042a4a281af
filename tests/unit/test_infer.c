/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "infer.h"
#include "str.h"
#include "unit.h"

#define TEXT(literal) ((char[]){ literal })

static struct python python = { .modules = TEXT("abc distutils json os _thread") };

static char **words(const char *text)
{
    char **list = NULL;
    autofree char *copy = xstrdup(text);
    char *rest = copy;
    for (char *word; (word = strsep(&rest, " "));)
        if (*word)
            list_add(&list, word);
    return list;
}

static void assert_list(char *const *list, const char *expected)
{
    autostr struct str text = { 0 };
    for (size_t i = 0; list && list[i]; i++)
        str_printf(&text, "%s%s", i ? " " : "", list[i]);
    assert_string_equal(text.data ? text.data : "", expected);
}

/* What is installed for these imports; *hints may be NULL. */
static void ask(const char *imports, const char *asked, int workspace, bool install,
                struct inference *ret)
{
    autolist char **names = words(imports);
    autolist char **requirements = words(asked);
    infer(&(struct infer_question){ .imports = names,
                                    .python = &python,
                                    .workspace = workspace,
                                    .beside = "deep/er",
                                    .asked = requirements,
                                    .install = install },
          ret);
}

static void assert_installed(const char *imports, const char *asked, const char *expected)
{
    struct inference inference;
    ask(imports, asked, -1, true, &inference);
    assert_list(inference.projects, expected);
    inference_done(&inference);
}

static void the_table_is_sorted_and_every_row_is_whole(void **state)
{
    (void)state;
    size_t count;
    const struct infer_row *rows = infer_rows(&count);
    assert_true(count >= 250);
    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 || strcmp(rows[i - 1].import, rows[i].import) < 0);
        assert_ptr_equal(infer_row(rows[i].import), &rows[i]);
        assert_true(infer_names(rows[i].project, rows[i].project));
        assert_true(strspn(rows[i].import, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                           "0123456789_.") == strlen(rows[i].import));
    }
    assert_null(infer_row(""));
    assert_null(infer_row("reqeusts"));
}

static void known_projects_are_installed_for_their_modules(void **state)
{
    (void)state;
    assert_installed("yaml bs4 PIL sklearn cv2", "",
                     "PyYAML beautifulsoup4 Pillow scikit-learn opencv-python-headless");
    assert_installed("matplotlib pylab mpl_toolkits", "", "matplotlib");
    assert_installed("google.protobuf.message google.cloud.storage google google.nosuch", "",
                     "protobuf google-cloud-storage");
    assert_installed("google.auth", "google_auth>1", "");
    assert_installed("reqeusts nosuch Yaml yam", "", "");
}

/* Those that everybody knows, whose projects are called otherwise. */
static void famous_imports_lead_to_the_projects_that_are_meant(void **state)
{
    (void)state;
    static const char *const famous[][2] = {
        { "yaml", "PyYAML" },
        { "bs4", "beautifulsoup4" },
        { "PIL", "Pillow" },
        { "sklearn", "scikit-learn" },
        { "skimage", "scikit-image" },
        { "cv2", "opencv-python-headless" },
        { "dateutil", "python-dateutil" },
        { "dotenv", "python-dotenv" },
        { "jwt", "PyJWT" },
        { "jose", "python-jose" },
        { "Crypto", "pycryptodome" },
        { "OpenSSL", "pyOpenSSL" },
        { "serial", "pyserial" },
        { "usb", "pyusb" },
        { "git", "GitPython" },
        { "github", "PyGithub" },
        { "magic", "python-magic" },
        { "docx", "python-docx" },
        { "pptx", "python-pptx" },
        { "dns", "dnspython" },
        { "nacl", "PyNaCl" },
        { "zmq", "pyzmq" },
        { "attr", "attrs" },
        { "fitz", "PyMuPDF" },
        { "MySQLdb", "mysqlclient" },
        { "psycopg2", "psycopg2-binary" },
        { "slugify", "python-slugify" },
        { "telegram", "python-telegram-bot" },
        { "discord", "discord.py" },
        { "socks", "PySocks" },
        { "websocket", "websocket-client" },
        { "ruamel.yaml", "ruamel.yaml" },
        { "googleapiclient.discovery", "google-api-python-client" },
        { "google.auth.transport", "google-auth" },
        { "google.oauth2.service_account", "google-auth" },
        { "google.protobuf.json_format", "protobuf" },
        { "google.cloud.bigquery", "google-cloud-bigquery" },
        { "google.cloud.storage.blob", "google-cloud-storage" },
        { "google.genai", "google-genai" },
    };
    for (size_t i = 0; i < COUNT(famous); i++) {
        const struct infer_row *row = infer_row(famous[i][0]);
        if (!row || strcmp(row->project, famous[i][1]) != 0)
            fail_msg("import %s gets %s", famous[i][0], row ? row->project : "nothing");
    }
}

/* Projects that lie in wait under a module's name, were given up, or have become another. */
static void nothing_squatted_or_given_up_is_ever_chosen(void **state)
{
    (void)state;
    static const char *const never[] = {
        "sklearn",
        "bs4",
        "yaml",
        "cv2",
        "PIL",
        "opencv",
        "dateutil",
        "dotenv",
        "jwt",
        "crypto",
        "pycrypto",
        "serial",
        "git",
        "github",
        "magic",
        "openssl",
        "google",
        "protobuf3",
        "docx",
        "pptx",
        "dns",
        "nacl",
        "zmq",
        "attr",
        "fitz",
        "MySQL-python",
        "psycopg2",
        "slugify",
        "telegram",
        "discord",
        "socks",
        "websocket",
        "skimage",
        "beautifulsoup",
        "bson",
        "usb",
        "google-cloud",
        "python-jwt",
        "pdfminer",
        "markdown-it",
        "jose",
        "faiss",
        "tensorflow-gpu",
        "torch-gpu",
        "python-pillow",
        "lark-parser",
    };
    size_t count;
    const struct infer_row *rows = infer_rows(&count);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < COUNT(never); k++)
            if (infer_names(rows[i].project, never[k]))
                fail_msg("import %s gets %s", rows[i].import, rows[i].project);
}

static void the_interpreters_own_modules_are_not(void **state)
{
    (void)state;
    assert_installed("os json abc _thread distutils", "", "");
    struct python newer = python; /* the library has taken a project in */
    newer.modules = TEXT("abc tomli json os");
    autolist char **names = words("tomli toml tom mli");
    struct inference inference;
    infer(&(struct infer_question){ .imports = names,
                                    .python = &newer,
                                    .workspace = -1,
                                    .install = true },
          &inference);
    assert_list(inference.projects, "toml");
    inference_done(&inference);
}

static void what_was_asked_for_is_not_asked_for_again(void **state)
{
    (void)state;
    assert_installed("yaml", "pyyaml==6", "");
    assert_installed("dateutil", "Python_Dateutil>=2", "");
    assert_installed("cv2", "opencv-python", "");
    assert_installed("sklearn", "scikit.learn[x]", "");
    assert_installed("requests", "requests-toolbelt", "requests");
    assert_installed("PIL", " Pillow ; python_version > '3'", "");
}

static void names_of_projects_are_compared_as_the_index_does(void **state)
{
    (void)state;
    assert_true(infer_names("a_-.b", "A-B"));
    assert_true(infer_names("a", "A"));
    assert_false(infer_names("ab", "a-b"));
    assert_false(infer_names("a", "a-b"));
    assert_false(infer_names("a-", "a"));
    assert_false(infer_names("", "a"));
}

static void strange_names_of_a_front_are_ignored(void **state)
{
    (void)state;
    struct inference inference;
    ask("../etc a/b -x yaml;os \xc3\xa9 . .yaml yaml. yaml..x", "", -1, true, &inference);
    assert_null(inference.projects);
    assert_null(inference.hints);
    inference_done(&inference);
}

static void put(int dir, const char *name)
{
    struct error err = { 0 };
    autofree char *path = xstrdup(name);
    for (char *slash = path; (slash = strchr(slash, '/')); *slash++ = '/') {
        *slash = '\0';
        (void)mkdirat(dir, path, 0755);
    }
    assert_ok(file_write(dir, name, "", 0, 0644, &err), &err);
}

static void modules_of_the_workspace_are_local(void **state)
{
    (void)state;
    static const char *const files[] = {
        "yaml.py",           "bs4/__init__.py",    "src/jwt/core.py",
        "deep/er/rich.py",   "deep/redis.py",      "numpy.cpython-312-x86_64-linux-gnu.so",
        "redis/redis.conf",  "requests.pyx",       "click.py.orig",
        "attrs/sub/code.py", "markdown/README.md", "src/pandas.abi3.so",
    };
    char path[] = "/tmp/cordon-unit-infer-XXXXXX";
    assert_non_null(mkdtemp(path));
    autoclose int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    autoclose int readable = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; i < COUNT(files); i++)
        put(readable, files[i]);
    assert_int_equal(symlinkat("/etc", readable, "deep/out"), 0);
    struct inference inference;
    ask("yaml bs4 jwt rich numpy pandas redis requests click attrs markdown", "", dir, true,
        &inference);
    assert_list(inference.projects, "redis requests click attrs Markdown");
    assert_null(inference.hints);
    inference_done(&inference);
    struct error err = { 0 };
    assert_ok(tree_remove(AT_FDCWD, path, &err), &err);
}

static void a_hint_names_the_import_and_says_how_to_ask(void **state)
{
    (void)state;
    struct inference inference;
    ask("reqeusts yaml os", "", -1, false, &inference);
    assert_null(inference.projects);
    assert_int_equal(list_len(inference.hints), 2);
    assert_true(starts_with(inference.hints[0], "import reqeusts: "));
    assert_true(starts_with(inference.hints[1], "import yaml: the project PyYAML"));
    assert_non_null(strstr(inference.hints[0], "--with PROJECT"));
    assert_non_null(strstr(inference.hints[0], "PEP 723"));
    inference_done(&inference);

    ask("matplotlib pylab", "", -1, true, &inference);
    infer_nothing(&inference, "no network");
    assert_null(inference.projects);
    assert_string_equal(inference.hints[1],
                        "import pylab: matplotlib could not be installed: no network");
    inference_done(&inference);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_table_is_sorted_and_every_row_is_whole),
    cmocka_unit_test(known_projects_are_installed_for_their_modules),
    cmocka_unit_test(famous_imports_lead_to_the_projects_that_are_meant),
    cmocka_unit_test(nothing_squatted_or_given_up_is_ever_chosen),
    cmocka_unit_test(the_interpreters_own_modules_are_not),
    cmocka_unit_test(what_was_asked_for_is_not_asked_for_again),
    cmocka_unit_test(names_of_projects_are_compared_as_the_index_does),
    cmocka_unit_test(strange_names_of_a_front_are_ignored),
    cmocka_unit_test(modules_of_the_workspace_are_local),
    cmocka_unit_test(a_hint_names_the_import_and_says_how_to_ask),
};

UNIT_MAIN(tests)
