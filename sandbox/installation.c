/* SPDX-License-Identifier: Apache-2.0 */
/* installation.c - is this file a program, and may a box see where it is installed? */
#include <assert.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "accounts.h"
#include "fd.h"
#include "interpreter.h"
#include "str.h"

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

/* Under its name and under its real one: installations are compared by the latter. */
static void add_home(char ***homes, const char *home)
{
    if (!home || *home != '/' || list_has(*homes, home))
        return;
    list_add(homes, home);
    autofree char *real = realpath(home, NULL);
    if (real && !list_has(*homes, real))
        list_add(homes, real);
}

char **homes_list(const struct sandbox *sandbox)
{
    char **homes = NULL;
    add_home(&homes, env_get(sandbox->settings, "HOME"));
    autofree char *text = accounts_read();
    char *rest = text;
    for (struct account account; account_next(&rest, &account);)
        add_home(&homes, account.home);
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
    for (size_t i = 0; homes && homes[i]; i++) {
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
#define MACHINE EM_NONE /* nothing fits: the number of this architecture is missing here */
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

char *installation_prefix(const char *path)
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
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    autofree char *config = path_join(prefix, "pyvenv.cfg");
    if (file_read(AT_FDCWD, config, 65536, &text, NULL, &ignored) < 0)
        return NULL;
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n"));) {
        char home[PATH_MAX];
        if (sscanf(line, " home = %4095[^\r\n]", home) == 1 && *home == '/')
            return path_join(home, name);
    }
    return NULL;
}

static int installed_program(const char *path, char **ret, struct error *err)
{
    autofree char *real = NULL;
    int r = program_real(path, &real, err);
    if (r < 0)
        return r;
    assert(real);
    autofree char *prefix = installation_prefix(real);
    autofree char *base = base_of_copy(real, prefix);
    if (base)
        return program_real(base, ret, err);
    *ret = TAKE(&real);
    return 0;
}

int candidate_make(const char *path, char *const *homes, struct candidate *ret, struct error *err)
{
    autofree char *real = NULL;
    int r = installed_program(path, &real, err);
    if (r < 0)
        return r;
    assert(real);
    autofree char *prefix = installation_prefix(real);
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
