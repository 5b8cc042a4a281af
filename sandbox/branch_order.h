/* SPDX-License-Identifier: Apache-2.0 */
/* branch_order.h - what a keeper says to an interpreter that forks, and to each fork.
 *
 * The interpreter, the *stem*, waits in a finished box without capabilities (sandbox/branch/).
 * Over its socket it is told to make a *branch*: a box of its own inside, whose pid 1 is a copy
 * of the stem. Only pipes cross there. The order itself goes straight to that pid 1, over the
 * branch's own report socket: what is in it never is in the stem, nor in any later branch.
 *
 * Both sides are cordon's own, of one build: nothing here is read from strangers.
 */
#pragma once

#include <stdint.h>

#include "landlock.h"
#include "mounts.h"
#include "plan.h"

#define BRANCH_MOUNTS_MAX 24
#define BRANCH_TEXT_MAX   4096

/* keeper -> stem, one datagram each. */
enum branch_ask {
    BRANCH_MAKE = 'm', /* struct branch_shape, with two descriptors: control and report */
    BRANCH_WAIT = 'w', /* one byte: the branch has ended, what has it cost? */
};

/* What a branch makes anew inside what it inherits; paths are offsets into `text`, 0 is none. */
struct branch_shape {
    char ask;
    uint64_t scratch_bytes, scratch_inodes;
    uint32_t script_at; /* the stem's box has a file there */
    uint32_t mount_count;
    struct {
        uint32_t
            kind; /* enum mount_kind: SCRATCH, PROC, PROC_FULL or PTS is made anew; another, which
                   * lies in one of these, is put there again with all that is beneath it */
        uint32_t at;
        uint32_t directory;
    } mounts[BRANCH_MOUNTS_MAX];
    char text[BRANCH_TEXT_MAX];
};

/* stem -> keeper. */
struct branch_told {
    int32_t code;                /* 0, or an errno */
    char step[24];               /* what failed */
    uint64_t stem_ns;            /* CPU time of the stem itself so far */
    uint64_t user_ns, system_ns; /* WAIT: of the branch's pid 1 and all it has waited for */
};

/* keeper -> pid 1 of the branch, in a memfd; it comes in a datagram of one byte with these. */
enum branch_fd {
    BRANCH_STDIN,
    BRANCH_STDOUT,
    BRANCH_STDERR,
    BRANCH_ORDER,
    BRANCH_SCRIPT, /* only where the shape has a script */
    BRANCH_FDS,
};

/* Offsets are into `bytes`. */
struct branch_order {
    uint32_t size; /* of all of it */
    int32_t landlock;
    uint32_t rule_count, rlimit_count;
    struct {
        uint32_t path, right;
    } rules[LANDLOCK_RULES_MAX];
    struct plan_rlimit rlimits[12];
    uint32_t filter, asking; /* struct sock_filter[] */
    uint16_t filter_length, asking_length;
    uint32_t cwd;
    uint32_t text, text_len; /* for the Python side: what is not the kernel's business */
    char bytes[] __attribute__((aligned(8)));
};
