/* SPDX-License-Identifier: Apache-2.0 */
/* python.c - the table of interpreters, and which of them a run gets. */
#include "python.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "interpreter.h"
#include "str.h"

/* What nobody asked for by number is never older than this. */
#define OLDEST_BY_DEFAULT 9 /* 3.9: contract, section 2 */
#define OLDEST_BY_HEADER  8 /* where requires-python leaves nothing newer; uv knows 3.8 */

static bool is_prerelease(const struct python *python)
{
    return strpbrk(python->version, "abr") != NULL;
}

/* Newest first; a pre-release after every release of its own number. */
static int compare(const struct python *a, const struct python *b)
{
    if (a->major != b->major)
        return b->major - a->major;
    if (a->minor != b->minor)
        return b->minor - a->minor;
    if (a->micro != b->micro)
        return b->micro - a->micro;
    if (is_prerelease(a) != is_prerelease(b))
        return is_prerelease(a) ? 1 : -1;
    return 0;
}

/* Insertion: the order of preference among equals must stay, and there are few. */
static void sort(struct pythons *pythons)
{
    for (size_t i = 1; i < pythons->count; i++)
        for (size_t k = i; k > 0 && compare(&pythons->list[k - 1], &pythons->list[k]) > 0; k--) {
            struct python swapped = pythons->list[k];
            pythons->list[k] = pythons->list[k - 1];
            pythons->list[k - 1] = swapped;
        }
}

int pythons_find(const struct sandbox *sandbox, int control, struct pythons *ret, struct error *err)
{
    if (table_recall(sandbox, ret))
        return 0;
    struct candidates candidates;
    candidates_find(sandbox, &candidates);
    struct pythons found = { 0 };
    bool sure = false;
    int r = interpreters_probe(sandbox, &candidates, control, &found, &sure, err);
    if (r == 0) {
        sort(&found);
        if (sure)
            table_keep(sandbox, &candidates, &found);
        *ret = found;
    }
    candidates_done(&candidates);
    return r;
}

void pythons_done(struct pythons *pythons)
{
    for (size_t i = 0; i < pythons->count; i++)
        python_done(&pythons->list[i]);
    free(pythons->list);
    *pythons = (struct pythons){ 0 };
}

void pythons_copy(const struct pythons *from, struct pythons *ret)
{
    *ret = (struct pythons){ .list = xcalloc(from->count + 1, sizeof(*ret->list)),
                             .count = from->count };
    for (size_t i = 0; i < from->count; i++) {
        const struct python *row = &from->list[i];
        struct python *copy = &ret->list[i];
        *copy = *row;
        copy->path = xstrdup(row->path);
        copy->prefix = xstrdup(row->prefix);
        copy->version = xstrdup(row->version);
        copy->modules = xstrdup(row->modules);
        copy->identity = xstrdup(row->identity);
    }
}

/* "3.13.0 3.12.1 ...": each number once. */
static char *versions_found(const struct pythons *pythons)
{
    autostr struct str text = { 0 };
    for (size_t i = 0; i < pythons->count; i++)
        if (i == 0 || strcmp(pythons->list[i - 1].version, pythons->list[i].version) != 0)
            str_printf(&text, "%s%s", text.len ? " " : "", pythons->list[i].version);
    if (text.len == 0)
        str_puts(&text, "none");
    return str_take(&text);
}

static bool is_allowed(const struct python *python, char *const *allowed)
{
    return !allowed || list_has(allowed, python->version);
}

/* "3", "3.12", "3.12.4" or "3.14.0rc1". */
static bool request_is_version(const char *request)
{
    int numbers = 0;
    const char *at = request;
    for (;;) {
        size_t digits = strspn(at, "0123456789");
        if (digits == 0 || digits > 4 || ++numbers > 3)
            return false;
        at += digits;
        if (*at != '.')
            break;
        at++;
    }
    return !*at || (numbers == 3 && strspn(at, "abrc0123456789") == strlen(at));
}

/* Equal, or equal up to a dot: "3.1" is not "3.12". */
static bool version_matches(const struct python *python, const char *request)
{
    size_t len = strlen(request);
    return strncmp(python->version, request, len) == 0 &&
           (python->version[len] == '\0' || python->version[len] == '.');
}

/* The first that fits; the list is sorted. Pre-releases only by their full name. */
static const struct python *find_version(const struct pythons *pythons, const char *request,
                                         char *const *allowed)
{
    for (size_t i = 0; i < pythons->count; i++) {
        const struct python *python = &pythons->list[i];
        if (!version_matches(python, request) || !is_allowed(python, allowed))
            continue;
        if (!is_prerelease(python) || strcmp(python->version, request) == 0)
            return python;
    }
    return NULL;
}

static const struct python *find_newest(const struct pythons *pythons, int oldest,
                                        char *const *allowed)
{
    for (size_t i = 0; i < pythons->count; i++) {
        const struct python *python = &pythons->list[i];
        if (!is_prerelease(python) && (python->major > 3 || python->minor >= oldest) &&
            is_allowed(python, allowed))
            return python;
    }
    return NULL;
}

static int fail_none(const struct pythons *pythons, const struct python_asked *asked,
                     struct error *err)
{
    autofree char *found = versions_found(pythons);
    if (asked->allowed)
        return fail_caller(err, ENOENT, "%s: no python of this host meets it; found: %s",
                           asked->demand, found);
    return fail_host_as(err, ENOENT, "no python from 3.9 on is on this host; found: %s", found);
}

static int choose_newest(const struct pythons *pythons, const struct python_asked *asked,
                         const struct python **ret, struct error *err)
{
    char *const *allowed = asked->allowed;
    const struct python *python = find_newest(pythons, OLDEST_BY_DEFAULT, allowed);
    if (!python && allowed)
        python = find_newest(pythons, OLDEST_BY_HEADER, allowed);
    if (!python)
        return fail_none(pythons, asked, err);
    *ret = python;
    return 0;
}

static int choose_exact(const struct pythons *pythons, const struct python_asked *asked,
                        const struct python **ret, struct error *err)
{
    char shown[64];
    const char *request = asked->version;
    if (!request_is_version(request))
        return fail_caller(err, EINVAL, "python %s: give a version such as 3.12 or 3.12.4",
                           printable(request, shown, sizeof(shown)));
    const struct python *python = find_version(pythons, request, asked->allowed);
    if (python) {
        *ret = python;
        return 0;
    }
    const struct python *refused = find_version(pythons, request, NULL);
    if (refused)
        return fail_caller(err, EINVAL, "python %s was asked for, and %s does not admit %s",
                           request, asked->demand, refused->version);
    autofree char *found = versions_found(pythons);
    return fail_caller(err, ENOENT, "python %s is not on this host; found: %s", request, found);
}

/* Adds the interpreter at `path` to the table, behind all others. */
static int add_path(const struct sandbox *sandbox, struct pythons *pythons, const char *path,
                    int control, struct error *err)
{
    autolist char **homes = homes_list(sandbox);
    struct candidate candidate = { 0 };
    int r = candidate_make(path, homes, &candidate, err);
    if (r < 0)
        return r;
    struct candidates one = { .list = &candidate, .count = 1 };
    struct pythons found = { 0 };
    bool sure;
    r = interpreters_probe(sandbox, &one, control, &found, &sure, err);
    candidate_done(&candidate);
    if (r < 0)
        return r;
    if (found.count == 0) {
        pythons_done(&found);
        return fail_caller(err, ENOEXEC, "%s is not an interpreter that cordon can use", path);
    }
    pythons->list = xrealloc(pythons->list, (pythons->count + 1) * sizeof(*pythons->list));
    pythons->list[pythons->count++] = found.list[0];
    free(found.list);
    return 0;
}

static int choose_path(const struct sandbox *sandbox, struct pythons *pythons,
                       const struct python_asked *asked, int control, const struct python **ret,
                       struct error *err)
{
    if (!sandbox->oneshot)
        return fail_policy(err, EPERM,
                           "python is a version here; only the person at the command "
                           "line may give a path");
    size_t known = pythons->count;
    int r = add_path(sandbox, pythons, asked->version, control, err);
    if (r < 0)
        return fail_within(err, "python");
    const struct python *python = &pythons->list[known];
    /* `allowed` speaks only of the versions that were in the table. */
    struct pythons before = { pythons->list, known };
    if (!is_allowed(python, asked->allowed) && find_version(&before, python->version, NULL))
        return fail_caller(err, EINVAL, "%s does not admit %s (%s)", asked->demand, python->version,
                           asked->version);
    *ret = python;
    return 0;
}

int python_choose(const struct sandbox *sandbox, struct pythons *pythons,
                  const struct python_asked *asked, int control, const struct python **ret,
                  struct error *err)
{
    if (asked->wish == PYTHON_NEWEST || !asked->version)
        return choose_newest(pythons, asked, ret, err);
    if (asked->wish == PYTHON_EXACT && *asked->version == '/')
        return choose_path(sandbox, pythons, asked, control, ret, err);
    if (asked->wish == PYTHON_EXACT)
        return choose_exact(pythons, asked, ret, err);
    const struct python *preferred = find_version(pythons, asked->version, asked->allowed);
    if (!preferred)
        return choose_newest(pythons, asked, ret, err);
    *ret = preferred;
    return 0;
}
