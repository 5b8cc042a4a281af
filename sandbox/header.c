/* SPDX-License-Identifier: Apache-2.0 */
/* header.c - what a PEP 723 block asks for, and which interpreters it admits. */
#include "header.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sha256.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cordon/log.h>

#include "fd.h"
#include "header_program.h"
#include "helper.h"
#include "requirement.h"
#include "str.h"

#define MEMORY            "headers"
#define MEMORY_FORMAT     "2" /* counts up when the program's answers change */
#define MEMORY_FILES_MAX  1000
#define HEADER_ANSWER_MAX (1024UL * 1024)
#define HEADER_MS         20000

/* --- answers kept as files named by what was asked --------------------------- */

static char *answer_name(const char *mode, const char *text, char *const *versions)
{
    autostr struct str asked = { 0 };
    str_printf(&asked, MEMORY_FORMAT "\n%s\n", mode);
    for (size_t i = 0; versions && versions[i]; i++)
        str_printf(&asked, "%s ", versions[i]);
    str_printf(&asked, "\n%s", text);
    char hash[SHA256_DIGEST_STRING_LENGTH];
    SHA256Data((const uint8_t *)asked.data, asked.len, hash);
    return xasprintf(MEMORY "/%s", hash);
}

static bool answer_recall(const struct sandbox *sandbox, const char *name, char ***lines)
{
    struct error ignored = { 0 };
    autofree char *text = NULL;
    size_t len = 0;
    return file_read(sandbox->state_fd, name, HEADER_ANSWER_MAX, &text, &len, &ignored) == 0 &&
           len > 0 && helper_lines(text, len, lines, &ignored) == 0;
}

/* Every new script with a header adds a file: beyond a number they all go, and
 * those still in use are learnt again. */
static void answers_bound(const struct sandbox *sandbox)
{
    int fd = openat(sandbox->state_fd, MEMORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    if (!directory) {
        own_close(&fd);
        return;
    }
    size_t count = 0;
    while (readdir(directory))
        count++;
    rewinddir(directory);
    if (count > MEMORY_FILES_MAX)
        for (struct dirent *entry; (entry = readdir(directory));)
            (void)unlinkat(fd, entry->d_name, 0);
    closedir(directory);
}

static void text_keep(const struct sandbox *sandbox, const char *name, const char *text)
{
    (void)mkdirat(sandbox->state_fd, MEMORY, 0700);
    answers_bound(sandbox);
    struct error why = { 0 };
    if (file_write(sandbox->state_fd, name, text, strlen(text), 0600, &why) < 0)
        log_event(LOG_DEBUG, "not_remembered", KV("reason", why.text));
}

static void answer_keep(const struct sandbox *sandbox, const char *name, char *const *lines)
{
    autostr struct str text = { 0 };
    for (size_t i = 0; lines && lines[i]; i++)
        str_printf(&text, "%s\n", lines[i]);
    str_puts(&text, "end\n");
    text_keep(sandbox, name, text.data);
}

bool header_recall_text(const struct sandbox *sandbox, const char *kind, const char *asked,
                        char **ret)
{
    struct error ignored = { 0 };
    autofree char *name = answer_name(kind, asked, NULL);
    return file_read(sandbox->state_fd, name, HEADER_ANSWER_MAX, ret, NULL, &ignored) == 0;
}

void header_keep_text(const struct sandbox *sandbox, const char *kind, const char *asked,
                      const char *text)
{
    autofree char *name = answer_name(kind, asked, NULL);
    text_keep(sandbox, name, text);
}

/* --- asking ------------------------------------------------------------------- */

static char **versions_of(const struct pythons *pythons)
{
    char **versions = NULL;
    for (size_t i = 0; i < pythons->count; i++)
        if (!list_has(versions, pythons->list[i].version))
            list_add(&versions, pythons->list[i].version);
    return versions;
}

static const struct python *reader_of(const struct pythons *pythons, int since)
{
    for (size_t i = 0; i < pythons->count; i++)
        if (pythons->list[i].major == 3 && pythons->list[i].minor >= since)
            return &pythons->list[i];
    return NULL;
}

static const struct mode {
    const char *name;
    int since;        /* the 3.N whose library can do it: tomllib came with 3.11 */
    const char *what; /* is read, for messages */
} read_header = { "header", 11, "the script's header" },
  read_project = { "project", 11, "pyproject.toml" },
  read_locked = { "locked", 11, "pyproject.toml" },
  evaluate_versions = { "versions", 8, "requires-python" };

/* Runs the program unless its answer is known. */
static int ask(const struct sandbox *sandbox, const struct pythons *pythons,
               const struct mode *mode, const char *text, int control, char ***ret,
               struct error *err)
{
    autolist char **versions = versions_of(pythons);
    autofree char *name = answer_name(mode->name, text, versions);
    if (answer_recall(sandbox, name, ret))
        return 0;

    const struct python *reader = reader_of(pythons, mode->since);
    if (!reader)
        return fail_host_as(err, ENOENT,
                            "reading %s needs a Python from 3.%d on, and this host has none "
                            "(uv python install 3.13 brings one)",
                            mode->what, mode->since);
    autolist char **args = NULL;
    list_add(&args, mode->name);
    for (size_t i = 0; versions && versions[i]; i++)
        list_add(&args, versions[i]);
    autofree char *what = xasprintf("read %s", mode->what);
    struct helper helper = { .what = what,
                             .policy = "strict",
                             .interpreter = reader->path,
                             .prefix = reader->prefix,
                             .program = header_program,
                             .args = args,
                             .input = text,
                             .wall_ms = HEADER_MS,
                             .control = control };
    autolist char **lines = NULL;
    int r = helper_run(sandbox, &helper, &lines, err);
    /* Bytes that make the reader fail are the script's, not the host's. */
    if (r == -EBADMSG)
        err->blame = BLAME_CALLER;
    if (r < 0)
        return r;
    answer_keep(sandbox, name, lines);
    *ret = TAKE(&lines);
    return 0;
}

static int check_refusal(const struct mode *mode, char *const *lines, struct error *err)
{
    for (size_t i = 0; lines && lines[i]; i++) {
        const char *reason = helper_value(lines[i], "refused");
        if (reason)
            return fail_caller(err, EINVAL, "%s: %s", mode->what, reason);
    }
    return 0;
}

static int take_lines(const struct mode *mode, char *const *lines, struct header *ret,
                      char ***versions, struct error *err)
{
    for (size_t i = 0; lines && lines[i]; i++) {
        const char *value;
        if ((value = helper_value(lines[i], "dependency")))
            list_add(&ret->dependencies, value);
        else if (strcmp(lines[i], "listed") == 0)
            ret->lists_dependencies = true;
        else if (strcmp(lines[i], "project") == 0)
            ret->is_project = true;
        else if ((value = helper_value(lines[i], "requires")) && !ret->requires_python)
            ret->requires_python = xstrdup(value);
        else if ((value = helper_value(lines[i], "version")))
            list_add(versions, value);
        else
            return fail_host_as(err, EBADMSG, "%s: an answer that is not as agreed", mode->what);
    }
    int r = requirements_admit(ret->dependencies, err);
    return r < 0 ? fail_within(err, "%s", mode->what) : 0;
}

/* The same box has said which versions are admitted: no second one for that. */
static void keep_versions(const struct sandbox *sandbox, const struct pythons *pythons,
                          const char *specifier, char *const *versions)
{
    autolist char **known = versions_of(pythons);
    autofree char *name = answer_name(evaluate_versions.name, specifier, known);
    if (faccessat(sandbox->state_fd, name, F_OK, 0) == 0)
        return;
    autolist char **lines = NULL;
    for (size_t i = 0; versions && versions[i]; i++)
        list_add_owned(&lines, xasprintf("version %s", versions[i]));
    answer_keep(sandbox, name, lines);
}

static int read_toml(const struct sandbox *sandbox, struct pythons *pythons,
                     const struct mode *mode, const char *toml, int control, struct header *ret,
                     struct error *err)
{
    autolist char **lines = NULL;
    int r = ask(sandbox, pythons, mode, toml, control, &lines, err);
    if (r == 0)
        r = check_refusal(mode, lines, err);
    if (r < 0)
        return r;
    struct header header = { 0 };
    autolist char **versions = NULL;
    r = take_lines(mode, lines, &header, &versions, err);
    if (r < 0) {
        header_done(&header);
        return r;
    }
    if (header.requires_python)
        keep_versions(sandbox, pythons, header.requires_python, versions);
    *ret = header;
    return 0;
}

int header_read(const struct sandbox *sandbox, struct pythons *pythons, const char *toml,
                int control, struct header *ret, struct error *err)
{
    return read_toml(sandbox, pythons, &read_header, toml, control, ret, err);
}

int header_read_project(const struct sandbox *sandbox, struct pythons *pythons, const char *toml,
                        bool locked, int control, struct header *ret, struct error *err)
{
    return read_toml(sandbox, pythons, locked ? &read_locked : &read_project, toml, control, ret,
                     err);
}

void header_done(struct header *header)
{
    list_free(header->dependencies);
    free(header->requires_python);
    *header = (struct header){ 0 };
}

int header_versions(const struct sandbox *sandbox, struct pythons *pythons, const char *specifier,
                    int control, char ***ret, struct error *err)
{
    autolist char **lines = NULL;
    int r = ask(sandbox, pythons, &evaluate_versions, specifier, control, &lines, err);
    if (r == 0)
        r = check_refusal(&evaluate_versions, lines, err);
    if (r < 0)
        return r;
    struct header unused = { 0 };
    autolist char **versions = NULL;
    r = take_lines(&evaluate_versions, lines, &unused, &versions, err);
    header_done(&unused);
    if (r < 0)
        return r;
    /* An empty list admits nothing; NULL would admit everything. */
    if (!versions)
        versions = xcalloc(1, sizeof(char *));
    *ret = TAKE(&versions);
    return 0;
}
