/* SPDX-License-Identifier: Apache-2.0 */
/* infer.c - from what a script imports to what is installed for it. */
#include "infer.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "kernel.h"
#include "str.h"

#define HINTS_MAX 32 /* of one run; a script with more has other worries */
#define DIRECTORY_ENTRIES                                                  \
    20000 /* looked at of a workspace's top; what lies behind is not local \
           */
#define SUBDIRECTORY_LOOKS 1000
#define MODULE_NAME_MAX    100
#define IMPORTS_TAKEN_MAX  256 /* a front that sends more is not ours any longer */

/* --- the interpreter's own modules ----------------------------------------------- */

bool infer_is_standard(const struct python *python, const char *name)
{
    size_t len = strcspn(name, ".");
    for (const char *at = python->modules; at && *at;) {
        size_t word = strcspn(at, " ");
        if (word == len && memcmp(at, name, len) == 0)
            return true;
        at += word + strspn(at + word, " ");
    }
    return false;
}

/* --- modules of the workspace ------------------------------------------------------ */

static DIR *open_beneath(int top, const char *path)
{
    struct open_how how = { .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK,
                            .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
    int fd = kernel_openat2(top, path, &how);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    if (!directory && fd >= 0)
        own_close(&fd);
    return directory;
}

/* ".py", or an extension module: ".so", ".abi3.so", ".cpython-312-x86_64-linux-gnu.so" */
static bool is_module_ending(const char *ending)
{
    return strcmp(ending, ".py") == 0 || (*ending == '.' && ends_with(ending, ".so"));
}

/* A directory without any module in it is data: Python goes on to the next place. */
static bool holds_modules(int top, const char *name)
{
    DIR *directory = open_beneath(top, name);
    if (!directory)
        return false;
    bool found = false;
    struct dirent *entry;
    for (unsigned i = 0; !found && i < SUBDIRECTORY_LOOKS && (entry = readdir(directory)); i++)
        found = is_module_ending(entry->d_name + strcspn(entry->d_name, "."));
    closedir(directory);
    return found;
}

/* Takes the names that `path` holds out of the list. */
static void drop_local(char **names, int workspace, const char *path)
{
    DIR *directory = list_len(names) > 0 ? open_beneath(workspace, path) : NULL;
    if (!directory)
        return;
    struct dirent *entry;
    for (unsigned i = 0; i < DIRECTORY_ENTRIES && (entry = readdir(directory)); i++) {
        const char *called = entry->d_name;
        for (char **name = names; *name;) {
            size_t len = strcspn(*name, "."); /* what lies beneath is the package's */
            bool same = strncmp(called, *name, len) == 0;
            if (same && (is_module_ending(called + len) ||
                         (!called[len] && holds_modules(dirfd(directory), called)))) {
                free(*name);
                for (char **rest = name; (*rest = rest[1]); rest++)
                    ;
            } else {
                name++;
            }
        }
    }
    closedir(directory);
}

/* --- requirements ----------------------------------------------------------------------- */

static bool joins(char c)
{
    return c == '-' || c == '_' || c == '.';
}

static size_t name_length(const char *text)
{
    size_t len = 0;
    while (isalnum((unsigned char)text[len]) || joins(text[len]))
        len++;
    return len;
}

/* Case does not count, and a run of "-_." is one of them. */
static bool same_project(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t i = 0, k = 0;
    while (i < a_len && k < b_len) {
        if (joins(a[i]) && joins(b[k])) {
            while (i < a_len && joins(a[i]))
                i++;
            while (k < b_len && joins(b[k]))
                k++;
            continue;
        }
        if (tolower((unsigned char)a[i++]) != tolower((unsigned char)b[k++]))
            return false;
    }
    return i == a_len && k == b_len;
}

bool infer_names(const char *requirement, const char *project)
{
    while (*requirement == ' ')
        requirement++;
    return same_project(requirement, name_length(requirement), project, strlen(project));
}

/* Somebody asked for a project that holds the module. */
static bool is_asked(const struct infer_row *row, char *const *requirements)
{
    autofree char *others = xstrdup(row->others ? row->others : "");
    autolist char **projects = NULL;
    list_add(&projects, row->project);
    char *rest = others;
    for (char *word; (word = strsep(&rest, " "));)
        if (*word)
            list_add(&projects, word);
    for (size_t i = 0; requirements && requirements[i]; i++)
        for (size_t k = 0; projects[k]; k++)
            if (infer_names(requirements[i], projects[k]))
                return true;
    return false;
}

/* --- all of it --------------------------------------------------------------------------- */

/* What a front sends becomes parts of paths and of lines: words with a dot between them. */
static bool is_module_name(const char *name)
{
    if (strlen(name) > MODULE_NAME_MAX)
        return false;
    for (const char *at = name;; at++) {
        const char *word = at;
        while (isalnum((unsigned char)*at) || *at == '_')
            at++;
        if (at == word)
            return false;
        if (*at != '.')
            return !*at;
    }
}

/* Takes `text`. */
static void hint(struct inference *inference, char *text)
{
    if (list_len(inference->hints) < HINTS_MAX)
        list_add_owned(&inference->hints, text);
    else
        free(text);
}

static void hint_how(struct inference *inference, const char *name, const struct infer_row *row)
{
    static const char how[] = "name the project in dependencies (--with PROJECT at the command "
                              "line) or in a PEP 723 header of the script";
    if (row)
        hint(inference, xasprintf("import %s: the project %s has it and was not asked for; %s",
                                  name, row->project, how));
    else
        hint(inference, xasprintf("import %s: not a module of this Python or of the directory, nor "
                                  "of a project that cordon knows, and unknown ones are never "
                                  "installed unasked; %s",
                                  name, how));
}

static char **foreign_names(const struct infer_question *question)
{
    char **names = NULL;
    for (size_t i = 0; question->imports && question->imports[i] && i < IMPORTS_TAKEN_MAX; i++)
        if (is_module_name(question->imports[i]) &&
            !infer_is_standard(question->python, question->imports[i]))
            list_add(&names, question->imports[i]);
    if (!names || question->workspace < 0)
        return names;
    drop_local(names, question->workspace, ".");
    drop_local(names, question->workspace, "src");
    if (question->beside)
        drop_local(names, question->workspace, question->beside);
    return names;
}

void infer(const struct infer_question *question, struct inference *ret)
{
    *ret = (struct inference){ 0 };
    autolist char **names = foreign_names(question);
    for (size_t i = 0; names && names[i]; i++) {
        const struct infer_row *row = infer_row(names[i]);
        if (row && is_asked(row, question->asked))
            continue;
        if (!row || !question->install) {
            hint_how(ret, names[i], row);
            continue;
        }
        list_add(&ret->imports, names[i]);
        if (!list_has(ret->projects, row->project))
            list_add(&ret->projects, row->project);
    }
}

void infer_nothing(struct inference *inference, const char *reason)
{
    for (size_t i = 0; inference->imports && inference->imports[i]; i++)
        hint(inference, xasprintf("import %s: %s could not be installed: %s", inference->imports[i],
                                  infer_row(inference->imports[i])->project, reason));
    list_free(inference->imports);
    list_free(inference->projects);
    inference->imports = inference->projects = NULL;
}

void inference_done(struct inference *inference)
{
    list_free(inference->imports);
    list_free(inference->projects);
    list_free(inference->hints);
    *inference = (struct inference){ 0 };
}
