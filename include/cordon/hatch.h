/* SPDX-License-Identifier: Apache-2.0 */
/* hatch.h - how a command line asks a running server to take its run.
 *
 * The gate of a server, never its front, listens on a seqpacket socket in STATE/gate/hatch. Over
 * one connection go, in this order,
 *
 *     KNOCK ->            where the caller stands, under which policy and in which directory
 *     <- 'y', or 'n' and why not (text)
 *     LAUNCH + pipes ->   a frame as a front's (launch.h), and its descriptors
 *     <- 't'              it is taken: from here on the run is the server's, and its notes tell all
 *
 * A connection that ends without 't' has run nothing and never will. What may run is what a
 * client of that server could have asked for; what is only quicker through it must not be other
 * than a box of one's own, so both sides say where they stand, and differ in nothing that matters.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <cordon/error.h>
#include <cordon/launch.h>

#define HATCH_DIRECTORY "hatch" /* beneath STATE/gate; one socket for each server */

/* What a box takes from the process that starts it. Each is a number that is equal where nothing
 * differs. */
enum footing_part {
    FOOTING_PROGRAM,       /* cordon-sandbox itself: not another build, not one since replaced */
    FOOTING_CONFIGURATION, /* the file, as it was read */
    FOOTING_POLICIES,      /* the files of policies, and where they are looked for */
    FOOTING_ENVIRONMENT,   /* variables that decide about interpreters, indexes, proxies */
    FOOTING_NAMESPACES,    /* which files, networks and processes names mean */
    FOOTING_GROUPS,        /* which files may be read */
    FOOTING_PRIORITY,      /* how much of which processors */
    FOOTING_PARTS,
};

/* Limits of its own that a box inherits. */
#define FOOTING_LIMITS 5

struct footing {
    uint64_t parts[FOOTING_PARTS];
    uint64_t limits[FOOTING_LIMITS];
};

struct footing_of {
    const char *program;       /* path of cordon-sandbox */
    const char *configuration; /* path; NULL: there is none */
    char *const *policy_dirs;  /* in their order, NULL-ended */
};

/* Of this process. To be called before it changes anything of that. */
void footing_find(const struct footing_of *of, struct footing *ret);

/* What of it differs, for people; NULL: nothing that matters. A caller may be allowed more than
 * the server was, but not less. */
const char *footing_differs(const struct footing *server, const struct footing *caller);

struct knock {
    struct footing from;
    char policy[POLICY_NAME_MAX]; /* "": the configured one */
    char *directory;              /* absolute, or NULL; owned */
};

void knock_done(struct knock *knock);
int knock_encode(const struct knock *knock, void *frame, size_t *len, struct error *err) must_check;

/* *ret is the caller's, knock_done(), either way. Every byte may be hostile. */
int knock_decode(const void *frame, size_t len, struct knock *ret, struct error *err) must_check;

enum hatch_word { HATCH_WELCOME = 'y', HATCH_NO = 'n', HATCH_TAKEN = 't' };

/* The longest that follows HATCH_NO. */
#define HATCH_REASON_MAX 200
