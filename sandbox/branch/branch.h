/* SPDX-License-Identifier: Apache-2.0 */
/* branch.h - a library that a waiting interpreter loads, to fork a box of its own per order.
 *
 * It is loaded as an extension module, cordon_branch, into a CPython that nobody else's code has
 * run in; the import of it waits, and raises StopIteration in each payload, whose value is the
 * order's text as bytes. It links no part of cordon's library: what it needs of it is compiled once
 * more into it. What it takes from its process: glibc (a raw clone(2) leaves the thread's id in
 * glibc's memory stale, so the kernel is told to write it there: PR_GET_TID_ADDRESS); one thread;
 * and the functions of CPython's in python.h (3.7 on).
 *
 * The order of the files is that of a branch's life: stem.c makes it, box.c builds it, init.c is
 * its pid 1, payload.c what becomes the script, leave.c how that ends.
 */
#pragma once

#include <signal.h>

#include "branch_order.h"
#include "pid1.h"

/* The stem's end of the keeper's socket. */
#define BRANCH_SOCKET 9

/* What the import system looks for. */
struct PyObject;
struct PyObject *PyInit_cordon_branch(void);
struct PyObject *PyInit_cordon_end(void);

/* --- between the files ---------------------------------------------------------------------- */

struct branch {
    const struct branch_shape *shape;
    int top;    /* the scratch file system */
    int script; /* the script's place in it, for writing, or -1 */
    int script_directory;
    const struct branch_order *order;
    int64_t clock_shift_s; /* by so much the stem's monotonic clock is ahead of the host's */
    int64_t boot_shift_s;
    int *thread_id;                 /* where libc keeps it */
    struct sigaction signals[NSIG]; /* as the interpreter had set them */
};

/* One attempt; the first that fails ends the branch, named in its report. */
struct branch_step {
    const char *name;
    int (*take)(struct branch *branch);
};

/* `inside`: by the payload. */
void branch_take(const struct branch_step *steps, unsigned count, bool inside,
                 struct branch *branch);
_Noreturn void branch_give_up(const char *step);
extern const char *branch_object; /* what a step is at, for the report */

/* The stem's child: builds the box, waits for the order. Returns in the payload alone. */
void branch_init(struct branch *branch);

/* box.c: the steps that need no order, in their order; and the two that do. */
void branch_build(struct branch *branch);
int branch_place_script(struct branch *branch, int memfd);
int branch_limit_scratch(struct branch *branch);

/* leave.c: once everything is there that was before the script. */
void branch_prepare_end(void);

/* payload.c */
void branch_confine_payload(struct branch *branch);
