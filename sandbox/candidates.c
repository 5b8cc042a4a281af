/* SPDX-License-Identifier: Apache-2.0 */
/* candidates.c - the places where interpreters lie. */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cordon/log.h>

#include "interpreter.h"
#include "str.h"

/* Directories in order of preference, after the configuration's own files and
 * PATH. A version manager puts shims on PATH; the real programs lie in its tree. */
static const struct place {
    const char *variable; /* names the tree's root; NULL: none */
    const char *root;     /* where it is otherwise, beneath the home; "/": absolute */
    const char *programs; /* a directory of programs; or NULL and */
    const char *trees;    /* a directory of installations, each with a bin */
} places[] = {
    { "PYENV_ROOT", ".pyenv", NULL, "versions" },
    { "ASDF_DATA_DIR", ".asdf", NULL, "installs/python" },
    { "MISE_DATA_DIR", ".local/share/mise", NULL, "installs/python" },
    { "UV_PYTHON_INSTALL_DIR", ".local/share/uv/python", NULL, "" },
    { NULL, "/", "usr/local/bin", NULL },
    { NULL, "/", "usr/bin", NULL },
    { NULL, "/", NULL, "opt" },
};

/* Looked for by name: reading /usr/bin takes longer than asking for all of these.
 * The newest is some years ahead; one minor version appears each year. */
#define MINOR_OLDEST 6
#define MINOR_NEWEST 24

/* "python3" or "python3.12"; not the free-threaded "python3.13t", whose packages
 * are others. */
static bool named_as_interpreter(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    if (!starts_with(name, "python3"))
        return false;
    name += strlen("python3");
    if (*name == '.')
        name++;
    return strspn(name, "0123456789") == strlen(name);
}

struct gathering {
    const struct sandbox *sandbox;
    char **homes;
    struct candidates *all;
};

/* By what it is and not by its name: python3, python3.12 and python are mostly one file. */
static bool is_known(const struct candidates *all, const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return true;
    for (size_t i = 0; i < all->count; i++)
        if (all->list[i].device == st.st_dev && all->list[i].inode == st.st_ino)
            return true;
    return false;
}

/* What is found depends on it; false if that was known. */
static bool watch(struct candidates *all, const char *path)
{
    if (list_has(all->watched, path))
        return false;
    list_add(&all->watched, path);
    return true;
}

static void take(struct candidates *all, struct candidate *found)
{
    /* Asked again: a copy in a virtual environment stands for its base. */
    if (all->count == CANDIDATES_MAX || is_known(all, found->path)) {
        candidate_done(found);
        return;
    }
    all->list = xrealloc(all->list, (all->count + 1) * sizeof(*all->list));
    all->list[all->count++] = *found;
    *found = (struct candidate){ 0 };
}

static void add_named(struct gathering *gathering, const char *directory, const char *name)
{
    char path[PATH_MAX];
    struct error ignored = { 0 };
    struct candidate found = { 0 };
    if ((size_t)snprintf(path, sizeof(path), "%s/%s", directory, name) >= sizeof(path) ||
        is_known(gathering->all, path) ||
        candidate_make(path, gathering->homes, &found, &ignored) < 0)
        return;
    if (named_as_interpreter(found.path))
        take(gathering->all, &found);
    else
        candidate_done(&found);
}

/* The operator may name a file as he likes, and hears of it when it is of no use. */
static void add_configured(struct gathering *gathering, const char *path)
{
    struct error err = { 0 };
    struct candidate found = { 0 };
    watch(gathering->all, path);
    if (candidate_make(path, gathering->homes, &found, &err) < 0)
        log_event(LOG_WARN, "interpreter_ignored", KV("reason", err.text));
    else
        take(gathering->all, &found);
}

/* A directory of programs of all kinds may hold several. */
static void add_directory(struct gathering *gathering, const char *directory)
{
    if (!watch(gathering->all, directory))
        return;
    add_named(gathering, directory, "python3");
    for (int minor = MINOR_OLDEST; minor <= MINOR_NEWEST; minor++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "python3.%d", minor);
        add_named(gathering, directory, name);
    }
}

static void add_from_path(struct gathering *gathering)
{
    const char *path = env_get(gathering->sandbox->settings, "PATH");
    autofree char *copy = xstrdup(path ? path : "");
    char *rest = copy;
    for (char *dir; (dir = strsep(&rest, ":"));)
        if (*dir == '/')
            add_directory(gathering, dir);
}

char *operator_directory(const struct sandbox *sandbox, const char *variable,
                         const char *beneath_home)
{
    const char *named = variable ? env_get(sandbox->settings, variable) : NULL;
    if (named && *named == '/')
        return xstrdup(named);
    const char *home = env_get(sandbox->settings, "HOME");
    return home && *home == '/' && beneath_home ? path_join(home, beneath_home) : NULL;
}

/* Each installation of a version manager holds one version, as python3 too. */
static void add_trees(struct gathering *gathering, const char *trees)
{
    struct dirent **entries = NULL;
    watch(gathering->all, trees);
    int count = scandir(trees, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        if (*entries[i]->d_name != '.') {
            autofree char *bin = xasprintf("%s/%s/bin", trees, entries[i]->d_name);
            watch(gathering->all, bin);
            add_named(gathering, bin, "python3");
        }
        free(entries[i]);
    }
    free(entries);
}

static void add_place(struct gathering *gathering, const struct place *place)
{
    autofree char *root =
        *place->root == '/' ? xstrdup("/")
                            : operator_directory(gathering->sandbox, place->variable, place->root);
    if (!root)
        return;
    const char *name = place->programs ? place->programs : place->trees;
    autofree char *directory = *name ? path_join(root, name) : xstrdup(root);
    if (place->programs)
        add_directory(gathering, directory);
    else
        add_trees(gathering, directory);
}

void candidates_find(const struct sandbox *sandbox, struct candidates *ret)
{
    *ret = (struct candidates){ 0 };
    autolist char **homes = homes_list(sandbox);
    struct gathering gathering = { .sandbox = sandbox, .homes = homes, .all = ret };
    watch(ret, "/etc/passwd"); /* the homes */
    for (size_t i = 0; sandbox->config.pythons && sandbox->config.pythons[i]; i++)
        add_configured(&gathering, sandbox->config.pythons[i]);
    add_from_path(&gathering);
    for (size_t i = 0; i < COUNT(places); i++)
        add_place(&gathering, &places[i]);
}

void candidates_done(struct candidates *candidates)
{
    for (size_t i = 0; i < candidates->count; i++)
        candidate_done(&candidates->list[i]);
    free(candidates->list);
    list_free(candidates->watched);
    *candidates = (struct candidates){ 0 };
}

char *candidates_settings(const struct sandbox *sandbox)
{
    autostr struct str text = { 0 };
    static const char *const general[] = { "HOME", "PATH" };
    for (size_t i = 0; i < COUNT(general) + COUNT(places); i++) {
        const char *name = i < COUNT(general) ? general[i] : places[i - COUNT(general)].variable;
        const char *value = name ? env_get(sandbox->settings, name) : NULL;
        str_printf(&text, "%s\n", value ? value : "");
    }
    for (size_t i = 0; sandbox->config.pythons && sandbox->config.pythons[i]; i++)
        str_printf(&text, "%s\n", sandbox->config.pythons[i]);
    return str_take(&text);
}
