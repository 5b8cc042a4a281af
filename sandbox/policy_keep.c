/* SPDX-License-Identifier: Apache-2.0 */
/* policy_keep.c - policies that are ready, on disk: STATE/gate/filters/NAME-PATH.
 *
 * Parsing a policy and its groups and compiling the filter take a millisecond
 * and more at every start of a box; reading this takes a twentieth of one. The
 * texts are compared and not their digests: that is exact, and cheaper. The sum
 * finds a file that a crash left torn; whoever can write here could as well
 * write the rest of the state, and is us.
 */
#include "policy_keep.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <seccomp.h>
#include <sha256.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "self.h"
#include "str.h"

#define DIRECTORY "filters"
#define BYTES_MAX (4 * POLICY_BYTES_MAX)

/* To be raised when the same text comes to something else. */
static const char magic[8] = "cordon 2";

enum part { ABOUT, TEXT, DIGEST, GROUPS, POLICY, PROGRAM, PARTS };

struct head {
    char magic[sizeof(magic)];
    uint64_t sum; /* of what follows the head */
    uint64_t lengths[PARTS];
};

/* --- what is compared -------------------------------------------------------- */

/* This program and the library that compiles, in one line; NULL: unknown. */
static char *about(void)
{
    struct stat program;
    const struct scmp_version *library = seccomp_version();
    if (stat(self_path(), &program) < 0)
        return NULL;
    return xasprintf("%s %u.%u.%u %llu %llu %lld %lld.%09ld", CORDON_VERSION, library->major,
                     library->minor, library->micro, (unsigned long long)program.st_dev,
                     (unsigned long long)program.st_ino, (long long)program.st_size,
                     (long long)program.st_mtim.tv_sec, program.st_mtim.tv_nsec);
}

static uint64_t add_up(const void *bytes, size_t len, uint64_t sum)
{
    for (size_t i = 0; i < len; i += sizeof(sum)) {
        uint64_t word = 0;
        memcpy(&word, (const char *)bytes + i, len - i < sizeof(word) ? len - i : sizeof(word));
        sum = (sum ^ word) * 0x9e3779b97f4a7c15ULL;
        sum ^= sum >> 29;
    }
    return sum;
}

/* One file per policy file: a changed text takes the place of the one before. */
static char *kept_name(const char *path)
{
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    autofree char *name = xstrndup(base, strcspn(base, "."));
    return xasprintf("%s-%016llx", name_valid(name) ? name : "policy",
                     (unsigned long long)add_up(path, strlen(path), strlen(path)));
}

static bool can_keep(const struct sandbox *sandbox)
{
    return sandbox->state && sandbox->state_fd >= 0;
}

/* --- found again --------------------------------------------------------------- */

/* Ours alone? */
static bool is_ours(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
           (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

struct pieces {
    const char *at[PARTS];
    size_t len[PARTS];
};

/* The parts of a whole file; false for anything else. */
static bool take_apart(const char *bytes, size_t len, struct pieces *ret)
{
    struct head head;
    if (len < sizeof(head))
        return false;
    memcpy(&head, bytes, sizeof(head));
    const char *at = bytes + sizeof(head);
    size_t left = len - sizeof(head);
    if (memcmp(head.magic, magic, sizeof(magic)) != 0 || add_up(at, left, left) != head.sum)
        return false;
    for (size_t i = 0; i < PARTS; i++) {
        if (head.lengths[i] > left)
            return false;
        ret->at[i] = at;
        ret->len[i] = head.lengths[i];
        at += head.lengths[i];
        left -= head.lengths[i];
    }
    return left == 0;
}

static bool same(const struct pieces *pieces, enum part part, const char *text, size_t len)
{
    return pieces->len[part] == len && memcmp(pieces->at[part], text, len) == 0;
}

static bool is_about(const struct pieces *pieces, const struct policy_text_pair *from)
{
    autofree char *us = about();
    return us && same(pieces, ABOUT, us, strlen(us)) && same(pieces, TEXT, from->text, from->len) &&
           same(pieces, GROUPS, from->groups->text, from->groups->len);
}

static int take_program(const struct pieces *pieces, struct policy *policy, struct error *err)
{
    size_t len = pieces->len[PROGRAM], one = sizeof(struct sock_filter);
    if (len == 0 || len % one != 0 || len / one > BPF_MAXINSNS)
        return fail_host_as(err, EBADMSG, "a kept filter is damaged");
    policy->program = xcalloc(len / one, one);
    memcpy(policy->program, pieces->at[PROGRAM], len);
    policy->program_length = (unsigned short)(len / one);
    return 0;
}

int policy_recall(const struct sandbox *sandbox, const struct policy_text_pair *from,
                  struct policy **ret, struct error *err)
{
    struct pieces pieces;
    autofree char *name = kept_name(from->path), *path = path_join(DIRECTORY, name), *bytes = NULL;
    autoclose int fd = !can_keep(sandbox)
                           ? -1
                           : openat(sandbox->state_fd, path,
                                    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    size_t len = 0;
    if (fd < 0 || !is_ours(fd) || fd_read_all(fd, BYTES_MAX, &bytes, &len, err) < 0 ||
        !take_apart(bytes, len, &pieces) || !is_about(&pieces, from) ||
        pieces.len[DIGEST] != SHA256_DIGEST_STRING_LENGTH)
        return fail_host_as(err, ENOENT, "nothing is kept for %s", from->path);
    autopolicy struct policy *policy = NULL;
    if (policy_unflatten(pieces.at[POLICY], pieces.len[POLICY], &policy, err) < 0 ||
        take_program(&pieces, policy, err) < 0)
        return fail_host_as(err, ENOENT, "what is kept for %s is damaged", from->path);
    policy->source = xstrdup(from->path);
    memcpy(policy->sha256, pieces.at[DIGEST], SHA256_DIGEST_STRING_LENGTH);
    policy->sha256[SHA256_DIGEST_STRING_LENGTH - 1] = '\0';
    *ret = TAKE(&policy);
    return 0;
}

/* --- kept ------------------------------------------------------------------------ */

static void add_part(struct str *file, struct head *head, enum part part, const void *bytes,
                     size_t len)
{
    head->lengths[part] = len;
    str_add(file, bytes, len);
}

void policy_keep(const struct sandbox *sandbox, const struct policy_text_pair *from,
                 const struct policy *policy)
{
    autofree char *us = can_keep(sandbox) ? about() : NULL;
    if (!us || (mkdirat(sandbox->state_fd, DIRECTORY, 0700) < 0 && errno != EEXIST))
        return;
    autoclose int dir =
        openat(sandbox->state_fd, DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir < 0)
        return;
    struct head head = { 0 };
    autostr struct str file = { 0 }, flat = { 0 };
    policy_flatten(policy, &flat);
    str_add(&file, &head, sizeof(head));
    add_part(&file, &head, ABOUT, us, strlen(us));
    add_part(&file, &head, TEXT, from->text, from->len);
    add_part(&file, &head, DIGEST, policy->sha256, SHA256_DIGEST_STRING_LENGTH);
    add_part(&file, &head, GROUPS, from->groups->text, from->groups->len);
    add_part(&file, &head, POLICY, flat.data, flat.len);
    add_part(&file, &head, PROGRAM, policy->program,
             policy->program_length * sizeof(struct sock_filter));
    size_t len = file.len - sizeof(head);
    memcpy(head.magic, magic, sizeof(magic));
    head.sum = add_up(file.data + sizeof(head), len, len);
    memcpy(file.data, &head, sizeof(head));

    autofree char *name = kept_name(from->path);
    struct error ignored;
    if (file_write(dir, name, file.data, file.len, 0600, &ignored) < 0)
        return;
}
