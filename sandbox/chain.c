/* SPDX-License-Identifier: Apache-2.0 */
/* chain.c - the way of a path through a workspace. */
#include "chain.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "kernel.h"
#include "str.h"

#define LINKS_MAX 40   /* as the kernel's own (path_resolution(7)) */
#define STEPS_MAX 1024 /* a way of more parts is nobody's project */

struct chain {
    int workspace;
    const char *top;
    char *here; /* the absolute path of the directory that we are in, without links */
    char *rest; /* what is still to go */
    unsigned links, steps;
};

static void set(char **text, char *to)
{
    free(*text);
    *text = to;
}

static const char *beneath(const struct chain *chain, const char *path)
{
    return path + strlen(chain->top) + 1;
}

static bool is_in(const struct chain *chain, const char *path)
{
    return path_within(path, chain->top) && strcmp(path, chain->top) != 0;
}

static int open_entry(const struct chain *chain, const char *path)
{
    struct open_how how = { .flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
                            .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
    return kernel_openat2(chain->workspace, beneath(chain, path), &how);
}

/* Takes the next part off what is to go; NULL at the end. */
static char *next_part(struct chain *chain)
{
    char *at = chain->rest + strspn(chain->rest, "/");
    size_t len = strcspn(at, "/");
    if (len == 0)
        return NULL;
    char *part = xasprintf("%.*s", (int)len, at);
    set(&chain->rest, xstrdup(at + len));
    return part;
}

static void go_up(struct chain *chain)
{
    char *slash = strrchr(chain->here, '/');
    slash[slash == chain->here] = '\0';
}

static int follow(struct chain *chain, int link)
{
    char target[PATH_MAX];
    ssize_t n = readlinkat(link, "", target, sizeof(target) - 1);
    if (n <= 0 || ++chain->links > LINKS_MAX)
        return -ELOOP;
    target[n] = '\0';
    set(&chain->rest, xasprintf("%s/%s", target, chain->rest));
    if (*target == '/')
        set(&chain->here, xstrdup("/"));
    return 0;
}

/* One part further. 1: there is more to go; 0: nothing the workspace could decide. */
static int step(struct chain *chain, const char *part, struct chain_entry *entry, char **path)
{
    *path = path_join(chain->here, part);
    if (!is_in(chain, *path)) {
        /* Above the workspace, whose path is canonical, or away from it for good. */
        bool towards = path_within(chain->top, *path);
        set(&chain->here, xstrdup(*path));
        return towards;
    }
    entry->path = beneath(chain, *path);
    entry->at = open_entry(chain, *path);
    struct stat st;
    if (entry->at < 0 || fstat(entry->at, &st) < 0) {
        entry->kind = CHAIN_MISSING;
        return 0;
    }
    bool last = chain->rest[strspn(chain->rest, "/")] == '\0';
    if (S_ISLNK(st.st_mode)) {
        entry->kind = CHAIN_LINK;
        return follow(chain, entry->at) == 0;
    }
    entry->kind = last ? CHAIN_TARGET : CHAIN_DIRECTORY;
    set(&chain->here, xstrdup(*path));
    return !last && S_ISDIR(st.st_mode);
}

int chain_walk(int workspace, const char *path, const char *name,
               int (*visit)(void *context, const struct chain_entry *entry, struct error *err),
               void *context, struct error *err)
{
    struct chain chain = {
        .workspace = workspace, .top = path, .here = xstrdup(path), .rest = xstrdup(name)
    };
    int r = 0;
    bool more = true;
    while (r == 0 && more && ++chain.steps <= STEPS_MAX) {
        struct chain_entry entry = { .at = -1 };
        autofree char *at = NULL, *part = next_part(&chain);
        if (!part) {
            /* It ended in "..": what we are in is the target. */
            entry.at = is_in(&chain, chain.here) ? open_entry(&chain, chain.here) : -1;
            entry.kind = CHAIN_TARGET;
            entry.path = entry.at >= 0 ? beneath(&chain, chain.here) : NULL;
            more = false;
        } else if (strcmp(part, "..") == 0) {
            go_up(&chain);
        } else if (strcmp(part, ".") != 0) {
            more = step(&chain, part, &entry, &at);
        }
        if (entry.path)
            r = visit(context, &entry, err);
        own_close(&entry.at);
    }
    free(chain.here);
    free(chain.rest);
    return r;
}

/* --- as a list ----------------------------------------------------------------------- */

struct listing {
    const char *name;
    char **paths;
};

static int list_entry(void *context, const struct chain_entry *entry, struct error *err)
{
    struct listing *listing = context;
    (void)err;
    if (entry->kind != CHAIN_DIRECTORY && strcmp(entry->path, listing->name) != 0)
        list_add(&listing->paths, entry->path);
    return 0;
}

char **chain_paths(int workspace, const char *path, char *const *names)
{
    struct listing listing = { 0 };
    struct error ignored;
    for (size_t i = 0; names && names[i]; i++) {
        listing.name = names[i];
        (void)!chain_walk(workspace, path, names[i], list_entry, &listing, &ignored);
    }
    return listing.paths;
}

/* --- as a text ----------------------------------------------------------------------- */

static int print_entry(void *context, const struct chain_entry *entry, struct error *err)
{
    struct stat st = { 0 };
    (void)err;
    if (entry->at >= 0 && fstat(entry->at, &st) < 0)
        st = (struct stat){ 0 };
    str_printf(context, "%d %llu:%llu %s\n", (int)entry->kind, (unsigned long long)st.st_dev,
               (unsigned long long)st.st_ino, entry->path);
    return 0;
}

char *chain_print(int workspace, const char *path, char *const *names)
{
    struct str text = { 0 };
    struct error ignored;
    for (size_t i = 0; names && names[i]; i++)
        (void)!chain_walk(workspace, path, names[i], print_entry, &text, &ignored);
    return text.data ? text.data : xstrdup("");
}
