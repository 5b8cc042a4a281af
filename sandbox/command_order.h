/* SPDX-License-Identifier: Apache-2.0 */
/* command_order.h - what a box is told to run that was made before anybody had asked for it.
 *
 * All of pid 1's steps are taken by then, and there is no other process in it: nobody's code has
 * run there. Pid 1 waits on its report socket, whose other end only its supervisor has. What it
 * gets is decided (plan.h): words to execute, and the descriptors 0 to 2 of the payload, which then
 * takes the same last steps as any.
 */
#pragma once

#include <cordon/error.h>

#include "plan.h"

/* The words of an order: a frame's, and candidates for a path. More is refused, and its run gets a
 * box that is made with it. */
#define COMMAND_ORDER_MAX ((size_t)128 * 1024)

struct command_order {
    char *const *argv;
    char *const *env;
    char *const *path; /* candidates for argv[0] */
};

/* Those of a plan whose words are known. */
int command_order_send(int report, const struct plan *plan, struct error *err) must_check;

/* In pid 1, once: waits for it, and makes its descriptors our 0 to 2. -1: errno says why not. Where
 * there will be none the process ends. */
int command_order_take(int report, struct command_order *ret) must_check;
