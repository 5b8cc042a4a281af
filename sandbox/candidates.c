/* SPDX-License-Identifier: Apache-2.0 */
/* candidates.c - the places where interpreters lie. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "fd.h"
#include "interpreter.h"
#include "str.h"

/* Directories of programs, in order of preference, after the configuration's own
 * files and PATH. A version manager puts shims on PATH; the real programs lie in
 * its tree. */
static const struct place {
    const char *variable;     /* names the tree's root; NULL: none */
    const char *beneath_home; /* where it is otherwise; NULL: the pattern is absolute */
    const char *pattern;
} places[] = {
    { "PYENV_ROOT", ".pyenv", "versions/*/bin" },
    { "ASDF_DATA_DIR", ".asdf", "installs/python/*/bin" },
    { "MISE_DATA_DIR", ".local/share/mise", "installs/python/*/bin" },
    { "UV_PYTHON_INSTALL_DIR", ".local/share/uv/python", "*/bin" },
    { NULL, NULL, "/usr/local/bin" },
    { NULL, NULL, "/usr/bin" },
    { NULL, NULL, "/opt/*/bin" },
};

/* Looked for by name: reading /usr/bin takes longer than asking for all of these.
 * The newest is some years ahead; one minor version appears each year. */
#define MINOR_OLDEST 6
#define MINOR_NEWEST 24

/* Directories that hold more than one installation: what a box must never be
 * given as "the interpreter". Beneath them an installation is fine. */
static const char *const never_whole[] = {
    "/",      "/bin", "/boot", "/dev",     "/etc",     "/home", "/lib",  "/lib64",
    "/media", "/mnt", "/opt",  "/proc",    "/root",    "/run",  "/sbin", "/srv",
    "/sys",   "/tmp", "/var",  "/var/lib", "/var/tmp", "/box",
};
/* No installation lies beneath these. */
static const char *const never_beneath[] = { "/boot", "/dev", "/etc", "/proc",
                                             "/run",  "/sys", "/box" };
/* The same beneath a home: programs installed there share a directory with
 * keyrings, tokens and configurations. */
static const char *const never_in_home[] = { ".local",  ".local/share", ".config", ".cache",
                                             ".ssh",    ".gnupg",       ".aws",    ".kube",
                                             ".docker", ".mozilla",     "bin",     "snap" };

char **homes_list(const struct sandbox *sandbox)
{
    char **homes = NULL;
    const char *own = env_get(sandbox->settings, "HOME");
    if (own && *own == '/')
        list_add(&homes, own);
    /* Read as a file: getpwent() would load name service modules, which a
     * static program should not. */
    FILE *file = fopen("/etc/passwd", "re");
    if (!file)
        return homes;
    for (struct passwd *entry; (entry = fgetpwent(file));)
        if (entry->pw_dir && *entry->pw_dir == '/' && !list_has(homes, entry->pw_dir))
            list_add(&homes, entry->pw_dir);
    fclose(file);
    return homes;
}

/* Accounts of services have homes such as /bin, /usr/sbin or /nonexistent;
 * those say nothing about where people keep things. */
static bool is_somebodys(const char *home)
{
    return !path_within(home, "/usr") && !path_within("/usr", home) && strcmp(home, "/bin") != 0;
}

static int refuse_prefix(struct error *err, const char *prefix, const char *why)
{
    return fail_caller(err, EPERM, "an interpreter installed in %s cannot be shown to a box: %s",
                       prefix, why);
}

int prefix_check(const char *prefix, char *const *homes, struct error *err)
{
    for (size_t i = 0; i < COUNT(never_whole); i++)
        if (strcmp(prefix, never_whole[i]) == 0)
            return refuse_prefix(err, prefix, "it is a system directory");
    for (size_t i = 0; i < COUNT(never_beneath); i++)
        if (path_within(prefix, never_beneath[i]))
            return refuse_prefix(err, prefix, "it lies in a system directory");
    for (size_t i = 0; i < list_len(homes); i++) {
        if (!is_somebodys(homes[i]))
            continue;
        if (path_within(homes[i], prefix))
            return refuse_prefix(err, prefix, "it is, or holds, a home directory");
        for (size_t k = 0; k < COUNT(never_in_home); k++) {
            autofree char *kept = path_join(homes[i], never_in_home[k]);
            if (strcmp(prefix, kept) == 0)
                return refuse_prefix(err, prefix, "other things than the interpreter lie there");
        }
    }
    return 0;
}

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#else
#error "the architecture's ELF number is missing here"
#endif

static int check_elf(const char *path, struct error *err)
{
    autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return fail_host(err, "open %s", path);
    struct stat st;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || access(path, X_OK) < 0)
        return fail_caller(err, EACCES, "%s is not a program that we may run", path);
    Elf64_Ehdr head;
    if (read(fd, &head, sizeof(head)) != (ssize_t)sizeof(head) ||
        memcmp(head.e_ident, ELFMAG, SELFMAG) != 0)
        return fail_caller(err, ENOEXEC, "%s is not a binary program (a script or a shim?)", path);
    if (head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_machine != MACHINE)
        return fail_caller(err, ENOEXEC, "%s is a program for another machine", path);
    return 0;
}

int program_real(const char *path, char **ret, struct error *err)
{
    autofree char *real = realpath(path, NULL);
    if (!real) {
        fail_host(err, "find %s", path);
        err->blame = BLAME_CALLER;
        return -err->code;
    }
    int r = check_elf(real, err);
    if (r < 0)
        return r;
    *ret = TAKE(&real);
    return 0;
}

char *file_stamp(const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return NULL;
    return xasprintf("%s %llu %llu %llu %lld.%09ld", path, (unsigned long long)st.st_dev,
                     (unsigned long long)st.st_ino, (unsigned long long)st.st_size,
                     (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

/* Two directories up: PREFIX/bin/python3.12. */
static char *prefix_of(const char *path)
{
    const char *end = path + strlen(path);
    for (int up = 0; up < 2; up++)
        while (end > path && *--end != '/')
            ;
    return end == path ? xstrdup("/") : xstrndup(path, (size_t)(end - path));
}

/* A virtual environment made with copies is no installation: pyvenv.cfg says
 * where the real one is. NULL: this is none. */
static char *base_of_copy(const char *path, const char *prefix)
{
    struct error ignored = { 0 };
    autofree char *text = NULL;
    autofree char *config = path_join(prefix, "pyvenv.cfg");
    if (file_read(AT_FDCWD, config, 65536, &text, NULL, &ignored) < 0)
        return NULL;
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n"));) {
        char home[PATH_MAX];
        if (sscanf(line, " home = %4095[^\r\n]", home) == 1 && *home == '/')
            return path_join(home, strrchr(path, '/') + 1);
    }
    return NULL;
}

int candidate_make(const char *path, char *const *homes, struct candidate *ret, struct error *err)
{
    autofree char *real = NULL;
    int r = program_real(path, &real, err);
    if (r < 0)
        return r;
    autofree char *prefix = prefix_of(real);
    autofree char *base = base_of_copy(real, prefix);
    if (base) {
        free(TAKE(&real));
        r = program_real(base, &real, err);
        if (r < 0)
            return r;
        free(TAKE(&prefix));
        prefix = prefix_of(real);
    }
    r = prefix_check(prefix, homes, err);
    if (r < 0)
        return r;
    struct stat st;
    autofree char *stamp = file_stamp(real);
    if (!stamp || stat(real, &st) < 0)
        return fail_host(err, "look at %s", real);
    *ret = (struct candidate){ .path = TAKE(&real),
                               .prefix = TAKE(&prefix),
                               .stamp = TAKE(&stamp),
                               .device = st.st_dev,
                               .inode = st.st_ino };
    return 0;
}

void candidate_done(struct candidate *candidate)
{
    free(candidate->path);
    free(candidate->prefix);
    free(candidate->stamp);
    *candidate = (struct candidate){ 0 };
}

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
    char **directories; /* done */
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

/* The operator may name a file as he likes (`any_name`); a pattern catches more
 * than we want. */
static void add(struct gathering *gathering, const char *path, bool any_name)
{
    struct error ignored = { 0 };
    struct candidate found = { 0 };
    struct candidates *all = gathering->all;
    if (all->count == CANDIDATES_MAX || is_known(all, path) ||
        candidate_make(path, gathering->homes, &found, &ignored) < 0)
        return;
    /* Asked again: a copy in a virtual environment stands for its base. */
    if (is_known(all, found.path) || (!any_name && !named_as_interpreter(found.path))) {
        candidate_done(&found);
        return;
    }
    all->list = xrealloc(all->list, (all->count + 1) * sizeof(*all->list));
    all->list[all->count++] = found;
}

static void add_named(struct gathering *gathering, const char *directory, const char *name)
{
    char path[PATH_MAX];
    if ((size_t)snprintf(path, sizeof(path), "%s/%s", directory, name) < sizeof(path))
        add(gathering, path, false);
}

/* A directory of programs of all kinds may hold several. */
static void add_directory(struct gathering *gathering, const char *directory)
{
    if (list_has(gathering->directories, directory))
        return;
    list_add(&gathering->directories, directory);
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

static void add_from_place(struct gathering *gathering, const struct place *place)
{
    if (!place->beneath_home && !strchr(place->pattern, '*')) {
        add_directory(gathering, place->pattern);
        return;
    }
    autofree char *root =
        place->beneath_home
            ? operator_directory(gathering->sandbox, place->variable, place->beneath_home)
            : xstrdup("/");
    if (!root)
        return;
    autofree char *pattern = path_join(root, place->pattern + (*place->pattern == '/'));
    glob_t found = { 0 };
    if (glob(pattern, GLOB_ONLYDIR, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++)
            add_named(gathering, found.gl_pathv[i], "python3"); /* each holds one version */
    globfree(&found);
}

void candidates_find(const struct sandbox *sandbox, struct candidates *ret)
{
    *ret = (struct candidates){ 0 };
    autolist char **homes = homes_list(sandbox);
    struct gathering gathering = { .sandbox = sandbox, .homes = homes, .all = ret };
    for (size_t i = 0; i < list_len(sandbox->config.pythons); i++)
        add(&gathering, sandbox->config.pythons[i], true);
    add_from_path(&gathering);
    for (size_t i = 0; i < COUNT(places); i++)
        add_from_place(&gathering, &places[i]);
    list_free(gathering.directories);
}

void candidates_done(struct candidates *candidates)
{
    for (size_t i = 0; i < candidates->count; i++)
        candidate_done(&candidates->list[i]);
    free(candidates->list);
    *candidates = (struct candidates){ 0 };
}
