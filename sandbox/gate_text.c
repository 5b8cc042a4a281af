/* SPDX-License-Identifier: Apache-2.0 */
/* gate_text.c - texts that a client may read, as cordon's own words print them. */
#include "gate_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "fd.h"
#include "gate.h"
#include "policy.h"
#include "str.h"

#define TRUSTED_BYTES_MAX ((size_t)1024 * 1024)

#define WORD(text) ((char *)(uintptr_t)(text))

static int print_check(const struct sandbox *sandbox, const char *name)
{
    char *const words[] = { WORD("--json") };
    (void)name;
    return check_command(sandbox, COUNT(words), words);
}

static int print_policy(const struct sandbox *sandbox, const char *name)
{
    char *const words[] = { WORD("show"), WORD("--json"), WORD(name) };
    return policy_command(sandbox, COUNT(words), words);
}

static const struct {
    int (*print)(const struct sandbox *sandbox, const char *name);
    int good; /* up to this exit status there is a text */
} texts[] = {
    [RESOLVE_POLICY] = { print_policy, 0 },
    [RESOLVE_CHECK] = { print_check, 1 }, /* 1: what the policy requires does not hold */
};

/* Of a policy, the words are a file's of the operator; only those that may be named are shown. */
static int permit(const struct sandbox *sandbox, const struct resolve *question, struct error *err)
{
    const struct config *config = &sandbox->config;
    bool of_askers = question->what == RESOLVE_TOKENS || question->what == RESOLVE_KEYS;
    bool there =
        question->what == RESOLVE_TOKENS ? config->tokens != NULL : config->oauth.keys != NULL;
    if (of_askers && (!there || strcmp(question->owner, OWNER_LOCAL) != 0))
        return fail_caller(err, ENOENT, "the configuration names no such file");
    char shown[POLICY_NAME_MAX];
    if (question->what == RESOLVE_POLICY &&
        !list_has(config_policies(&sandbox->config, question->owner), question->path))
        return fail_caller(err, ENOENT, "Policy %s not found",
                           printable(question->path, shown, sizeof(shown)));
    return 0;
}

/* What is printed comes from a process without the front's socket: boxes are made in it. */
static int print_to(const struct sandbox *sandbox, const struct resolve *question, int fd,
                    struct error *err)
{
    pid_t child = fork();
    int status = 0;
    if (child < 0)
        return fail_host(err, "fork");
    if (child == 0) {
        close(GATE_FD);
        int good =
            dup2(fd, STDOUT_FILENO) < 0 ? -1 : texts[question->what].print(sandbox, question->path);
        _exit(fflush(stdout) == 0 && good >= 0 ? good : 125);
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (!WIFEXITED(status) || WEXITSTATUS(status) > texts[question->what].good)
        return fail_host_as(err, EIO, "what was asked for cannot be printed; the log says why");
    return 0;
}

/* Read anew each time: so a server learns of a new one (SIGHUP) that may itself open no file. No
 * box is made for that, and why it failed is for who asked. */
static int copy_trusted(const char *path, int to, struct error *err)
{
    autofree char *text = NULL;
    size_t len = 0;
    int r = trusted_read(path, TRUSTED_BYTES_MAX, &text, &len, err);
    if (r == 0)
        r = fd_write_all(to, text, len, err);
    if (text)
        explicit_bzero(text, len);
    return r;
}

static int fill(const struct sandbox *sandbox, const struct resolve *question, int fd,
                struct error *err)
{
    const struct config *config = &sandbox->config;
    if (question->what == RESOLVE_TOKENS)
        return copy_trusted(config->tokens, fd, err);
    if (question->what == RESOLVE_KEYS)
        return copy_trusted(config->oauth.keys, fd, err);
    return print_to(sandbox, question, fd, err);
}

static int make_text(const struct sandbox *sandbox, const struct resolve *question, int *ret,
                     struct error *err)
{
    int r = permit(sandbox, question, err);
    if (r < 0)
        return r;
    autoclose int fd = memfd_create("text", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return fail_host(err, "memfd_create");
    r = fill(sandbox, question, fd, err);
    if (r < 0)
        return r;
    if (lseek(fd, 0, SEEK_SET) < 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
        return fail_host(err, "seal a text");
    *ret = fd_take(&fd);
    return 0;
}

void gate_text(const struct sandbox *sandbox, const struct resolve *question,
               struct resolved *answer, int *file)
{
    *answer = (struct resolved){ .id = question->id };
    *file = -1;
    if (make_text(sandbox, question, file, &answer->error) < 0)
        answer->code = answer->error.code;
    else if (question->path)
        answer->path = xstrdup(question->path);
}
