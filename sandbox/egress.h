/* SPDX-License-Identifier: Apache-2.0 */
/* egress.h - the only way out of a box: one small caged process per box that has one.
 *
 * Inside the box's network namespace there is a listening socket on its
 * loopback; the egress process accepts from it outside and lets through what
 * its order names (egress_order.h). Nothing else connects the two namespaces.
 *
 * The process is another execution of this program, so that nothing of the
 * supervisor's memory (the operator's environment above all) is in it. It
 * ends with its supervisor, and before the outcome of its box is told.
 */
#pragma once

#include "egress_order.h"
#include "identity.h"

/* Where the box finds it; nothing else listens in a namespace that is new. */
#define EGRESS_PORT 3128

struct egress {
    pid_t pid;  /* 0: there is none */
    int socket; /* to the process */
};

/* Starts the process, before or while the box is made. As root it runs under the
 * box's outside id; everywhere without a capability. */
int egress_start(const struct egress_order *order, const struct identity *identity,
                 struct egress *ret, struct error *err) must_check;

/* Makes the listener in the network namespace of `init` (a pidfd), gives it to
 * the process and waits until that stands in its cage. */
int egress_open(struct egress *egress, int init, struct error *err) must_check;

/* Ends the process and waits for it; what it refused goes into *outcome, which
 * may be NULL. Nothing where there is none. */
void egress_end(struct egress *egress, struct outcome *outcome);

/* HTTP_PROXY and its like, in both spellings; `local` adds NO_PROXY for the box's own loopback. */
void egress_variables(char ***env, bool local);

/* A name that egress_variables() sets? */
bool egress_variable(const char *name);

/* The whole life of the process: `cordon-sandbox egress`, with its socket as descriptor 3. */
#define EGRESS_FD   3
#define EGRESS_WORD "egress"
int egress_main(void);
