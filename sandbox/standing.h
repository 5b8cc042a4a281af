/* SPDX-License-Identifier: Apache-2.0 */
/* standing.h - an interpreter that waits in its finished box for what it is to run.
 *
 * It is started like any other, as `python [-P] /box/script.py`, but reads a first `sitecustomize`
 * of ours (standing_program.c) in which it loads what it is to load ahead, says that it is ready,
 * and waits on a socket that nobody else has the other end of but its supervisor. What comes is one
 * order: its descriptors 0 to 2, arguments and variables. It puts them in place, takes every trace
 * of itself out of the interpreter and returns; CPython then opens the script as it always does.
 *
 * Every door was closed before it started. An environment's packages have run code by then
 * (".pth"), so nothing that it says is believed: standing_look() looks from outside.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <cordon/error.h>

#include "profile_program.h"
#include "str.h"

#define STANDING_FD    PROFILE_FD /* there is never both */
#define STANDING_START "/box/standing/start"
#define STANDING_FILE  STANDING_START "/sitecustomize.py"

/* standing_program.py, byte for byte: CMakeLists.txt makes an array of it. */
extern const char standing_program[];
extern const size_t standing_program_len;

#define STANDING_NAMESPACES 6

/* What stands, and what it still needs. */
struct standing {
    int channel;   /* our end of its socket */
    int theirs;    /* its own, until it has been started */
    int script;    /* the empty file that becomes its script, or -1: it is there already */
    int output[2]; /* what it wrote before it had an owner: streams 1 and 2, read ends */
    int ends[2];   /* their write ends, until it has been started */
    ino_t namespaces[STANDING_NAMESPACES]; /* those of its box */
};

void standing_init(struct standing *standing);
int standing_make(struct standing *standing, struct error *err) must_check;
void standing_done(struct standing *standing);

/* Its box has been started, or never will be: ours of the interpreter's ends are closed. */
void standing_let_go(struct standing *standing);

/* The variables that make an interpreter wait, in place of what a script would get.
 * `preload`: modules to load ahead, NULL-ended; `directories`: of the script's own modules, where
 * none of those may lie; both may be NULL. */
void standing_variables(char ***list, char *const *preload, const char *directories);

/* What it says on its channel, as far as that can be believed. */
enum standing_word {
    STANDING_NOTHING = 0,
    STANDING_READY = 'r', /* it waits */
    STANDING_TAKEN = 't', /* it has its order: from here on something of the script may have run */
    STANDING_LOST = -1,   /* nothing more will come */
};
enum standing_word standing_hear(struct standing *standing);

/* Of a pid 1 that has not begun yet; later it cannot be looked into. */
int standing_note(struct standing *standing, pid_t init, struct error *err) must_check;

/* From outside: pid 1 and one process more, in its box's namespaces, with no capability, no new
 * privileges and a filter. Else it is not to be used, and *err says why. *payload: that process. */
int standing_look(const struct standing *standing, pid_t init, pid_t *payload,
                  struct error *err) must_check;

struct standing_order {
    char *const *argv; /* all of it, as for a fresh interpreter */
    size_t arguments;  /* how many of its last ones are the script's own */
    char *const *env;
    int script;       /* memfd, or -1 */
    const int *stdio; /* 0, 1, 2 */
};

/* The order as its interpreter reads it: arguments and variables. */
int standing_text(const struct standing_order *order, struct str *ret,
                  struct error *err) must_check;

/* Writes the script, passes on what was written before, and sends the order. An error: nothing has
 * been started, and the box is of no use any more. */
int standing_send(struct standing *standing, const struct standing_order *order,
                  struct error *err) must_check;
