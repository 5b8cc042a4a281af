/* SPDX-License-Identifier: Apache-2.0 */
/* filter_keep.c - compiled filters on disk: STATE/gate/filters/DIGEST-ARCH-LIBSECCOMP.bpf
 *
 * Compiling costs a millisecond at every start of a box, reading a twentieth
 * of it. A file is the program and SHA-256 of the program and its name: one
 * that is torn, renamed or somebody else's is never used. That a filter
 * cannot be kept hinders nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <sha256.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "fd.h"
#include "filter_parts.h"
#include "str.h"

#define DIRECTORY "filters"

/* To be raised when the same rules are compiled to something else. */
#define FORMAT 1

#define BYTES_MAX (BPF_MAXINSNS * sizeof(struct sock_filter) + SHA256_DIGEST_LENGTH)

static char *kept_name(const struct policy *policy)
{
    struct utsname host;
    const struct scmp_version *version = seccomp_version();
    if (uname(&host) < 0)
        return NULL;
    return xasprintf("%s-%s-%u.%u.%u-%d.bpf", policy->digest, host.machine, version->major,
                     version->minor, version->micro, FORMAT);
}

static void seal(const char *name, const void *program, size_t len,
                 uint8_t ret[SHA256_DIGEST_LENGTH])
{
    SHA2_CTX context;
    SHA256Init(&context);
    SHA256Update(&context, (const uint8_t *)name, strlen(name) + 1);
    SHA256Update(&context, program, len);
    SHA256Final(ret, &context);
}

static bool can_keep(const struct sandbox *sandbox, const struct policy *policy)
{
    return sandbox->state && sandbox->state_fd >= 0 && policy->digest[0];
}

/* Ours alone, and of a size that a filter can have. */
static bool is_plausible(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
           (st.st_mode & (S_IWGRP | S_IWOTH)) == 0 && st.st_size > SHA256_DIGEST_LENGTH &&
           (st.st_size - SHA256_DIGEST_LENGTH) % (off_t)sizeof(struct sock_filter) == 0;
}

int filter_recall(const struct sandbox *sandbox, const struct policy *policy, struct filter *ret,
                  struct error *err)
{
    autofree char *name = can_keep(sandbox, policy) ? kept_name(policy) : NULL;
    if (!name)
        return fail_host_as(err, ENOENT, "filters are not kept");
    autofree char *path = path_join(DIRECTORY, name);
    autoclose int fd =
        openat(sandbox->state_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    autofree char *bytes = NULL;
    size_t len = 0;
    if (fd < 0 || !is_plausible(fd) || fd_read_all(fd, BYTES_MAX, &bytes, &len, err) < 0 ||
        len <= SHA256_DIGEST_LENGTH)
        return fail_host_as(err, ENOENT, "no filter is kept as %s", name);
    len -= SHA256_DIGEST_LENGTH;
    uint8_t expected[SHA256_DIGEST_LENGTH];
    seal(name, bytes, len, expected);
    if (len % sizeof(struct sock_filter) != 0 ||
        memcmp(expected, bytes + len, SHA256_DIGEST_LENGTH) != 0)
        return fail_host_as(err, ENOENT, "the filter kept as %s is damaged", name);
    ret->length = (unsigned short)(len / sizeof(struct sock_filter));
    ret->program = (struct sock_filter *)(void *)TAKE(&bytes);
    return 0;
}

void filter_keep(const struct sandbox *sandbox, const struct policy *policy,
                 const struct filter *filter)
{
    autofree char *name = can_keep(sandbox, policy) ? kept_name(policy) : NULL;
    if (!name)
        return;
    if (mkdirat(sandbox->state_fd, DIRECTORY, 0700) < 0 && errno != EEXIST)
        return;
    autoclose int dir =
        openat(sandbox->state_fd, DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir < 0)
        return;
    size_t len = filter->length * sizeof(struct sock_filter);
    uint8_t sum[SHA256_DIGEST_LENGTH];
    seal(name, filter->program, len, sum);
    autostr struct str file = { 0 };
    str_add(&file, filter->program, len);
    str_add(&file, sum, sizeof(sum));
    struct error ignored;
    if (file_write(dir, name, file.data, file.len, 0600, &ignored) < 0)
        return;
}
