/* SPDX-License-Identifier: Apache-2.0 */
/* interpreter.h - between the places where interpreters lie and the table of them.
 *
 * A candidate is a real ELF file of this machine's kind whose installation can
 * be shown to a box without showing anything else; nothing of it was run yet.
 */
#pragma once

#include "python.h"

struct candidate {
    char *path;   /* real, absolute */
    char *prefix; /* the installation: two directories up */
    char *stamp;  /* "path device inode size mtime": the same stamp is the same file */
    dev_t device;
    ino_t inode;
};

struct candidates {
    struct candidate *list; /* in order of preference */
    size_t count;
    char *
        *watched; /* every path that was searched: while they all stay as they are, so does this */
};

#define CANDIDATES_MAX 64 /* a host with more has been tampered with; each costs a box once */

/* All candidates of the host, each file once. */
void candidates_find(const struct sandbox *sandbox, struct candidates *ret);
void candidates_done(struct candidates *candidates);

/* What else decides which they are, as lines; the caller's. */
char *candidates_settings(const struct sandbox *sandbox);
void candidate_done(struct candidate *candidate);

/* One path, `homes` as from homes_list(): BLAME_CALLER with the reason where it cannot be one. */
int candidate_make(const char *path, char *const *homes, struct candidate *ret,
                   struct error *err) must_check;

/* May a box see this directory as an installation? Not what is a system or
 * credential directory, a home, or above one; `homes` as from homes_list(). */
int prefix_check(const char *prefix, char *const *homes, struct error *err) must_check;

/* HOME of the operator and every home in /etc/passwd; the caller's. */
char **homes_list(const struct sandbox *sandbox);

/* Two directories up: PREFIX/bin/python3.12; the caller's. */
char *installation_prefix(const char *path);

/* Real path, ELF of this machine, executable by us; the caller's. Also for uv. */
int program_real(const char *path, char **ret, struct error *err) must_check;

/* "path device inode size mtime" of a file; the caller's. NULL if it cannot be seen. */
char *file_stamp(const char *path);

/* $VARIABLE, or ~/DEFAULT, or NULL where there is neither; the caller's. */
char *operator_directory(const struct sandbox *sandbox, const char *variable,
                         const char *beneath_home);

/* Runs the candidate in a box and fills *ret. EBADMSG: it ran and is no
 * interpreter for us; that is remembered as well. */
int interpreter_probe(const struct sandbox *sandbox, const struct candidate *candidate, int control,
                      struct python *ret, struct error *err) must_check;

/* The same for many, those already known from memory, the others side by side;
 * *ret gets the usable ones. Fails only when cancelled, or where none could be
 * probed. *sure is false where the host kept one from being probed. */
int interpreters_probe(const struct sandbox *sandbox, const struct candidates *candidates,
                       int control, struct pythons *ret, bool *sure, struct error *err) must_check;

/* One row of the table; `facts` as the interpreter said it: "VERSION MODULE MODULE ...". */
int python_make(const struct candidate *candidate, const char *facts, struct python *ret,
                struct error *err) must_check;

/* The whole table as it was last time, if nothing that decides it has changed:
 * some forty stat() instead of a search. */
bool table_recall(const struct sandbox *sandbox, struct pythons *ret);
void table_keep(const struct sandbox *sandbox, const struct candidates *candidates,
                const struct pythons *pythons);

void python_done(struct python *python);
