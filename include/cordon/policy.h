/* SPDX-License-Identifier: Apache-2.0 */
/* policy.h - what the operator permits. Immutable once loaded.
 *
 * Only cordon-sandbox reads policies. A key missing from the file takes its
 * most restrictive value, so a zeroed struct permits nothing. The file's
 * format is section 6 of cordon-policy(5).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cordon/error.h>
#include <cordon/launch.h>
#include <cordon/limits.h>

enum file_kind {
    FILE_READ,      /* the host's, read-only */
    FILE_WRITE,     /* the host's, writable */
    FILE_SCRATCH,   /* a directory of the box's one bounded tmpfs */
    FILE_PROC,      /* procfs of the box: subset=pid */
    FILE_DEV,       /* the made /dev */
    FILE_DEVICE,    /* one device node of the host */
    FILE_PROC_FULL, /* procfs of the box with all the kernel tells everybody */
};

struct file_rule {
    enum file_kind kind;
    char *path; /* on the host, absolute; for SCRATCH, both PROCs and DEV where it is inside */
    char *at;   /* inside; NULL: the same path */
    char *why;  /* NULL where none is needed */
};

enum workspace_mode {
    WORKSPACE_NONE,
    WORKSPACE_READ,
    WORKSPACE_WRITE,
    WORKSPACE_OVERLAY_KEEP,
    WORKSPACE_OVERLAY_DISCARD,
};

/* Writes go to a layer of their own. */
static inline bool workspace_is_layered(enum workspace_mode mode)
{
    return mode == WORKSPACE_OVERLAY_KEEP || mode == WORKSPACE_OVERLAY_DISCARD;
}

/* One comparison of a rule's "when": the argument, masked, is one of the values. */
struct syscall_when {
    unsigned argument; /* 0-5 */
    uint64_t mask;     /* the low 32 bits unless the file says otherwise: the kernel takes most
                        * arguments as int and ignores what a caller left above them */
    uint64_t *values;  /* each within the mask */
    size_t value_count;
    bool any; /* instead of a list of values: any bit of the mask is set */
};

/* Of the rules that name a system call the last one that holds decides. */
struct syscall_rule {
    bool allow;
    char **calls;              /* system calls and "@groups", NULL-ended */
    int error;                 /* errno of a deny */
    struct syscall_when *when; /* all of them must hold */
    size_t when_count;
    char *why; /* a rule that does more than to allow groups carries one */
};

struct host_rule {
    char *name;    /* "example.org", "*.example.org", or an address (host.h) */
    uint16_t port; /* 0: 443 and 80 */
    bool inward;   /* its addresses may be private, loopback, or this host's own */
};

struct sock_filter;

struct policy {
    char name[POLICY_NAME_MAX];
    char *purpose;
    char *source;    /* the path it was read from */
    char sha256[65]; /* of that file, in hexadecimal; "" unless it was made ready (policy.h) */
    struct limits limits;
    bool output_end;
    uint64_t grace_ms;

    bool hosts_allowed; /* network is a list of hosts, not "none" */
    bool hosts_private;
    struct host_rule *hosts;
    size_t host_count;
    char *hosts_why; /* needed for a wildcard and for private addresses */

    struct file_rule *files;
    size_t file_count;
    enum workspace_mode workspace;
    char **protect; /* names at the top of a workspace that stay read-only, NULL-ended */

    char **env_set;    /* "NAME=value" */
    char **env_accept; /* names or "*" */
    char **env_pass;   /* names taken from cordon's own environment */

    int otherwise; /* errno of every system call no rule allows; 0 is taken as ENOSYS */
    struct syscall_rule *syscalls; /* none in a policy that was kept ready */
    size_t syscall_count;

    /* Of a policy that is ready (policy_ready()): what the rules come to. */
    struct sock_filter *program;
    unsigned short program_length; /* instructions; 0: it is not ready */
    bool guards_modes;             /* filter_guards_modes() */

    char **require; /* layer names; "limits.NAME~" accepts an approximation */
    bool builds_isolated;
    bool infer_known;
    enum { START_SPAWN, START_POOL, START_FORK } start;
    char **preload;
};

void policy_free(struct policy *policy); /* NULL is fine */

static inline void own_policy(struct policy **policy)
{
    policy_free(*policy);
}
#define autopolicy __attribute__((cleanup(own_policy), unused))
