/* SPDX-License-Identifier: Apache-2.0 */
/* audit_line.h - one run as one line of the audit log: the pure part.
 *
 * The line is JSON in printable ASCII and ends with a newline: what a stranger chose (names of
 * scripts and directories, texts of errors) is escaped, so that no reader and no terminal can
 * be told anything else by it. Its members are described in cordon-config(5).
 */
#pragma once

#include <sha256.h>
#include <sys/types.h>

#include <cordon/launch.h>
#include <cordon/outcome.h>

#include "str.h"

#define AUDIT_TEXT_MAX 1024 /* bytes of one text as written; a longer one ends with "..." */
#define AUDIT_LINE_MAX 8192 /* six such texts, and everything else */

/* What is known of a run; everything is borrowed. */
struct audit_entry {
    const struct launch *launch;
    bool operator;             /* started by a command line, not by a server for its client */
    uid_t uid;                 /* whoever runs cordon */
    const char *user;          /* the name of that, or NULL */
    const char *directory;     /* canonical; NULL: none, or none that was admitted */
    const char *policy_sha256; /* of the policy's file; NULL: the run did not come so far */
    const char *python;        /* "3.12.4", or NULL */
    const char *environment;   /* its key, or NULL */
    char script_sha256[SHA256_DIGEST_STRING_LENGTH]; /* "": not known */
    const struct outcome *outcome;                   /* NULL: it is about to start */
};

void audit_line(const struct audit_entry *entry, struct str *out);
