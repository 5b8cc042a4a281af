/* SPDX-License-Identifier: Apache-2.0 */
/* audit.c - the audit log's file. */
#include "audit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cordon/log.h>

#include "accounts.h"
#include "config.h"
#include "fd.h"
#include "kernel.h"

#define AUDIT_FILE "audit.log"

/* --- what was run ---------------------------------------------------------------------------- */

static void hash_file(int fd, char ret[SHA256_DIGEST_STRING_LENGTH])
{
    SHA256_CTX context;
    uint8_t chunk[16384];
    off_t at = 0;
    ssize_t n;
    SHA256Init(&context);
    for (; (n = pread(fd, chunk, sizeof(chunk), at)) > 0; at += n) {
        SHA256Update(&context, chunk, (size_t)n);
        if (at > (off_t)SCRIPT_BYTES_MAX)
            return; /* no script that could be started */
    }
    if (n == 0)
        SHA256End(&context, ret);
}

void audit_hash(const struct launch *launch, const char *directory, int workspace,
                char ret[SHA256_DIGEST_STRING_LENGTH])
{
    ret[0] = '\0';
    if (launch->fds[FD_SCRIPT] >= 0)
        hash_file(launch->fds[FD_SCRIPT], ret);
    if (launch->fds[FD_SCRIPT] >= 0 || !launch->script_path || !directory || workspace < 0 ||
        !path_within(launch->script_path, directory))
        return;
    const char *name = launch->script_path + strlen(directory);
    struct open_how how = { .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
                            .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
    struct stat st;
    autoclose int fd = kernel_openat2(workspace, name + strspn(name, "/"), &how);
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        hash_file(fd, ret);
}

static const char *user_name(uid_t uid, char *out, size_t room)
{
    autofree char *text = accounts_read();
    char *rest = text;
    for (struct account account; account_next(&rest, &account);)
        if (account.uid == uid)
            return printable(account.name, out, room);
    return NULL;
}

/* --- the file --------------------------------------------------------------------------------- */

static const char *shown_path(const struct sandbox *sandbox)
{
    return sandbox->config.audit ? sandbox->config.audit : AUDIT_FILE;
}

static int open_log(const struct sandbox *sandbox, struct error *err)
{
    const char *path = shown_path(sandbox);
    if (!sandbox->config.audit && sandbox->state_fd < 0)
        return fail_host_as(err, ENOENT, "there is no state directory to keep it in");
    /* It is read too, for its last byte. Not blocking: nothing but a file may stand there. */
    autoclose int fd =
        openat(sandbox->state_fd, path,
               O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        return fail_host(err, "open %s", path);
    if (!S_ISREG(st.st_mode))
        return fail_host_as(err, EINVAL, "%s is no regular file", path);
    int r = trusted_file(fd, path, err);
    return r < 0 ? r : fd_take(&fd);
}

/* A write that a full disk cut short has left half a line: the next one begins anew. */
static bool ends_within_line(int fd)
{
    struct stat st;
    char last = '\n';
    if (fstat(fd, &st) < 0 || st.st_size == 0)
        return false;
    return pread(fd, &last, 1, st.st_size - 1) == 1 && last != '\n';
}

/* One write: lines of several processes never mix. */
static int append(const struct sandbox *sandbox, struct audit_entry *entry, struct error *err)
{
    char name[64];
    autostr struct str line = { 0 };
    entry->operator= entry->launch->by_person;
    entry->uid = sandbox->uid;
    entry->user = user_name(sandbox->uid, name, sizeof(name));
    autoclose int fd = open_log(sandbox, err);
    if (fd < 0)
        return fd;
    /* Who looks while another writes sees half of the other's line; ends with the descriptor. */
    while (flock(fd, LOCK_EX) < 0)
        if (errno != EINTR)
            return fail_host(err, "lock %s", shown_path(sandbox));
    if (ends_within_line(fd))
        str_putc(&line, '\n');
    audit_line(entry, &line);
    ssize_t n = write(fd, line.data, line.len);
    if (n >= 0 && n < (ssize_t)line.len)
        errno = ENOSPC;
    return n == (ssize_t)line.len ? 0 : fail_host(err, "write %s", shown_path(sandbox));
}

/* --- the lines -------------------------------------------------------------------------------- */

int audit_start(const struct sandbox *sandbox, struct audit_entry *entry, struct error *err)
{
    if (!sandbox->config.audit_required)
        return 0;
    int r = append(sandbox, entry, err);
    return r < 0 ? fail_within(err, "nothing runs without a line in the audit log") : 0;
}

void audit_end(const struct sandbox *sandbox, struct audit_entry *entry)
{
    struct error err = { 0 };
    /* Without a state directory nothing ran, and whoever asked is told why. */
    if (!sandbox->config.audit && sandbox->state_fd < 0)
        return;
    if (append(sandbox, entry, &err) < 0)
        log_event(LOG_WARN, "audit-not-written", KV("job", entry->launch->job),
                  KV("reason", err.text));
}

void audit_unrun(const struct sandbox *sandbox, const struct launch *launch,
                 const struct outcome *outcome)
{
    struct audit_entry entry = { .launch = launch, .outcome = outcome };
    /* The outcome itself says that there is no place for a log, and why. */
    if (!sandbox->config.audit && sandbox->state_fd < 0)
        return;
    audit_hash(launch, NULL, -1, entry.script_sha256);
    audit_end(sandbox, &entry);
}
