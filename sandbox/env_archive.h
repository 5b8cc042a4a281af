/* SPDX-License-Identifier: Apache-2.0 */
/* env_archive.h - one environment as a file, for a host that reaches no index.
 *
 *     cordon-environment-archive 1 LF
 *     record LENGTH LF text          what it was made from (env_store.h)
 *     header LENGTH LF text          the script's header or the project, where there was one
 *     d LENGTH LF path               a directory, before what lies in it
 *     f x|- LENGTH SIZE LF path content
 *     end SHA256 LF                  of everything before this line; nothing follows
 *
 * Regular files and directories, no links, no owners, no modes but "may be
 * executed". What ties an environment to a host (its interpreter, its key) is
 * made anew where it is imported.
 */
#pragma once

#include "env_store.h"

#define ARCHIVE_PATH_MAX    1024
#define ARCHIVE_ENTRIES_MAX 1000000

/* Writes record, header and the tree `env` of the environment that is held by `hold`
 * (env_hold()) to `out`. */
int archive_write(int hold, int out, struct error *err) must_check;

struct archive_head {
    struct env_record record;
    char *header; /* or NULL */
};

/* Reading is in two steps, as the first decides where the second writes. Every byte
 * may be hostile; what is not as above is BLAME_CALLER, and the half-written tree is
 * the caller's to remove. */
struct archive_reader;
int archive_open(int in, struct archive_reader **ret, struct archive_head *head,
                 struct error *err) must_check;

/* Everything into the directory `env`, in which nothing is ever replaced. */
int archive_extract(struct archive_reader *reader, int env, struct error *err) must_check;

/* In place of that, where nothing is wanted of it: is it whole, and are its paths good? */
int archive_verify(struct archive_reader *reader, struct error *err) must_check;
void archive_close(struct archive_reader *reader); /* NULL is fine */
void archive_head_done(struct archive_head *head);
