/* SPDX-License-Identifier: Apache-2.0 */
/* roots.c - judging the paths that clients name. */
#include "roots.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "fd.h"
#include "kernel.h"
#include "str.h"

/* Where people keep what opens other doors; never a workspace, wherever it lies. */
static const char *const credential_names[] = { ".ssh",    ".gnupg",          ".aws",
                                                ".azure",  ".kube",           ".docker",
                                                ".gcloud", ".password-store", ".netrc",
                                                ".pki",    ".vault-token" };

static const char *const system_directories[] = { "/proc", "/dev",  "/sys", "/etc",
                                                  "/boot", "/run",  "/box", "/usr",
                                                  "/bin",  "/sbin", "/lib", "/lib64" };

static bool is_home_or_above(const char *path, const char *home)
{
    return home && *home == '/' && path_within(home, path);
}

/* Started by a desktop or a login shell the directory is often the whole home:
 * nobody meant to hand that out. */
static bool too_wide(const char *path)
{
    const char *home = getenv("HOME");
    bool someones_home = path_within(path, "/home") && strchr(path + 1, '/') == strrchr(path, '/');
    return strcmp(path, "/") == 0 || strcmp(path, "/home") == 0 || someones_home ||
           is_home_or_above(path, home) || is_home_or_above(path, "/root");
}

static int add_root(char ***roots, const char *path, struct error *err)
{
    char canonical[PATH_MAX];
    struct stat st;
    if (!realpath(path, canonical) || stat(canonical, &st) < 0)
        return fail_host(err, "root %s", path);
    if (!S_ISDIR(st.st_mode))
        return fail_host_as(err, ENOTDIR, "root %s is not a directory", path);
    if (!list_has(*roots, canonical))
        list_add(roots, canonical);
    return 0;
}

static int add_roots(char ***roots, char *const *wanted, struct error *err)
{
    int r = 0;
    for (; r == 0 && wanted && *wanted; wanted++)
        r = add_root(roots, *wanted, err);
    return r;
}

/* Those of principals that have their own; as the others' are they are made plain once. */
static int find_own(struct principals *principals, struct error *err)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < principals->count; i++) {
        struct principal *principal = &principals->list[i];
        char **plain = NULL;
        r = add_roots(&plain, principal->roots, err);
        list_free(principal->roots);
        principal->roots = plain;
    }
    return r;
}

int roots_find(struct sandbox *sandbox, char *const *options, struct error *err)
{
    char ***roots = &sandbox->roots;
    int r = find_own(&sandbox->config.principals, err);
    if (r == 0)
        r = add_roots(roots, list_len(options) > 0 ? options : sandbox->config.roots, err);
    if (r < 0 || *roots)
        return r;
    char here[PATH_MAX];
    if (getcwd(here, sizeof(here)) && !too_wide(here))
        r = add_root(roots, here, err);
    const char *temporary = getenv("TMPDIR");
    return r < 0 ? r : add_root(roots, temporary && *temporary == '/' ? temporary : "/tmp", err);
}

int roots_check(const struct sandbox *sandbox, struct error *err)
{
    const struct principals *principals = &sandbox->config.principals;
    autolist char **ignored = NULL;
    int r = add_roots(&ignored, sandbox->config.roots, err);
    for (size_t i = 0; r == 0 && i < principals->count; i++)
        r = add_roots(&ignored, principals->list[i].roots, err);
    return r;
}

/* NULL-ended, or NULL: none. */
static char *const *roots_of(const struct sandbox *sandbox, const char *owner)
{
    const struct principal *principal = principal_find(&sandbox->config.principals, owner);
    return principal && principal->roots ? principal->roots : sandbox->roots;
}

static const char *root_of(char *const *roots, const char *canonical)
{
    for (; roots && *roots; roots++)
        if (path_within(canonical, *roots))
            return *roots;
    return NULL;
}

static int outside_roots(char *const *allowed, const char *path, struct error *err)
{
    autofree char *roots = list_join(allowed);
    char shown[160];
    return fail_caller(err, EACCES,
                       "%s lies outside the allowed directories (%.120s); the operator allows more "
                       "with --root DIR or \"roots\" in the configuration",
                       printable(path, shown, sizeof(shown)), roots);
}

static int refuse_special(const char *canonical, struct error *err)
{
    for (size_t i = 0; i < COUNT(system_directories); i++)
        if (path_within(canonical, system_directories[i]))
            return fail_caller(err, EACCES, "%s is a system directory", canonical);
    autofree char *copy = xstrdup(canonical);
    char *rest = copy;
    for (char *part; (part = strsep(&rest, "/"));)
        for (size_t i = 0; i < COUNT(credential_names); i++)
            if (strcmp(part, credential_names[i]) == 0)
                return fail_caller(err, EACCES, "%s holds credentials", canonical);
    return 0;
}

/* An absolute canonical path, opened component by component without a link: what was
 * judged is what is opened, or nothing. */
static int open_canonical(const char *canonical, uint64_t flags)
{
    autoclose int top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct open_how how = { .flags = flags | O_CLOEXEC,
                            .resolve =
                                RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };
    return top < 0 ? -1 : kernel_openat2(top, canonical[1] ? canonical + 1 : ".", &how);
}

static char *from_first_root(char *const *roots, const char *path)
{
    if (*path == '/' || !roots)
        return xstrdup(path);
    return path_join(roots[0], path);
}

/* May a client be told why `path` cannot be looked at? Only where the way to it never
 * leaves `directory`: else "no such file" and "outside" together would tell, as
 * root even, what there is on this host; a link that a script planted could ask. */
static bool fails_inside(const char *directory, const char *path)
{
    if (!directory || !path_within(path, directory))
        return false;
    const char *below = path + strlen(directory);
    while (*below == '/')
        below++;
    autoclose int dir = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct open_how how = { .flags = O_PATH | O_CLOEXEC,
                            .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
    autoclose int fd = dir < 0 ? -1 : kernel_openat2(dir, *below ? below : ".", &how);
    return dir >= 0 && fd < 0 && errno != EXDEV;
}

/* Of /proc/self/cwd and its like a client would hear what they are to us. */
static int refuse_by_name(const char *path, struct error *err)
{
    static const char *const names[] = { "proc", "sys", "dev" };
    const char *first = path + strspn(path, "/");
    size_t len = strcspn(first, "/");
    for (size_t i = 0; *path == '/' && i < COUNT(names); i++)
        if (len == strlen(names[i]) && strncmp(first, names[i], len) == 0)
            return fail_caller(err, EACCES, "a path in /%s is no client's to name", names[i]);
    return 0;
}

/* realpath(3), but no link is followed that means another thing to each process. */
static bool resolve_plainly(const char *path, char canonical[PATH_MAX])
{
    struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_MAGICLINKS };
    autoclose int fd = kernel_openat2(AT_FDCWD, path, &how);
    char link[40];
    if (fd < 0)
        return false;
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, canonical, PATH_MAX - 1);
    if (len <= 0 || *canonical != '/') { /* not beneath our root */
        errno = ENOENT;
        return false;
    }
    canonical[len] = '\0';
    return true;
}

int roots_directory(const struct sandbox *sandbox, const char *owner, const char *path,
                    char **canonical, struct error *err)
{
    char *const *roots = roots_of(sandbox, owner);
    autofree char *full = from_first_root(roots, path);
    char resolved[PATH_MAX], shown[160];
    (void)printable(path, shown, sizeof(shown));
    if (!sandbox->oneshot && refuse_by_name(path, err) < 0)
        return -err->code;
    if (sandbox->oneshot ? !realpath(full, resolved) : !resolve_plainly(full, resolved)) {
        int why = errno;
        if (!sandbox->oneshot && !fails_inside(root_of(roots, full), full))
            return outside_roots(roots, path, err);
        return fail_caller(err, why, "directory %s: %s", shown, strerror(why));
    }
    if (!sandbox->oneshot) {
        if (!root_of(roots, resolved))
            return outside_roots(roots, path, err);
        int r = refuse_special(resolved, err);
        if (r < 0)
            return r;
    }
    autoclose int dir = open_canonical(resolved, O_PATH | O_DIRECTORY);
    if (dir < 0)
        return fail_caller(err, errno, "directory %s: %s", shown,
                           errno == ENOTDIR ? "is not a directory" : strerror(errno));
    *canonical = xstrdup(resolved);
    return fd_take(&dir);
}

static int read_file(const char *canonical, const char *shown, struct error *err)
{
    /* Non-blocking, so that a FIFO planted here cannot hold us up. */
    autoclose int fd = open_canonical(canonical, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        return fail_caller(err, errno, "%s: %s", shown, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return fail_caller(err, EINVAL, "%s is not a regular file", shown);
    if ((uint64_t)st.st_size > RESOLVE_BYTES_MAX)
        return fail_caller(err, EFBIG, "%s has %lld bytes; at most %zu are taken", shown,
                           (long long)st.st_size, RESOLVE_BYTES_MAX);
    autofree char *bytes = NULL;
    size_t len = 0;
    int r = fd_read_all(fd, RESOLVE_BYTES_MAX, &bytes, &len, err);
    if (r < 0)
        return fail_within(err, "%s", shown);
    return memfd_sealed("file", bytes, len, err);
}

static int resolve_file(const struct sandbox *sandbox, const struct resolve *question,
                        const char *directory, char **path, struct error *err)
{
    char canonical[PATH_MAX], shown[160];
    char *const *roots = roots_of(sandbox, question->owner);
    (void)printable(question->path, shown, sizeof(shown));
    autofree char *full = *question->path == '/' || !directory
                              ? from_first_root(roots, question->path)
                              : path_join(directory, question->path);
    int r = refuse_by_name(question->path, err);
    if (r < 0)
        return r;
    bool there = resolve_plainly(full, canonical);
    int why = errno;
    if (!there && fails_inside(directory ? directory : root_of(roots, full), full))
        return fail_caller(err, why, "%s: %s", shown, strerror(why));
    if (directory && (!there || !path_within(canonical, directory)))
        return fail_caller(err, EACCES, "%s leaves the directory %s", shown, directory);
    if (!there || (!directory && !root_of(roots, canonical)))
        return outside_roots(roots, question->path, err);
    r = refuse_special(canonical, err);
    if (r < 0)
        return r;
    r = read_file(canonical, shown, err);
    if (r >= 0)
        *path = xstrdup(canonical);
    return r;
}

void roots_resolve(const struct sandbox *sandbox, const struct resolve *question,
                   struct resolved *answer, int *file)
{
    *answer = (struct resolved){ .id = question->id };
    *file = -1;
    struct error err = { 0 };
    int r = 0;
    if (question->directory) {
        autoclose int dir = roots_directory(sandbox, question->owner, question->directory,
                                            &answer->directory, &err);
        r = dir < 0 ? dir : 0;
    }
    if (r == 0 && question->path) {
        r = resolve_file(sandbox, question, answer->directory, &answer->path, &err);
        *file = r >= 0 ? r : -1;
    }
    if (r < 0) {
        answer->code = -r;
        answer->error = err;
    }
}
