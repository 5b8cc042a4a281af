/* SPDX-License-Identifier: Apache-2.0 */
/* terminal.h - our caller's terminal, while a box has one of its own (--tty).
 *
 * The box never gets it: bytes go back and forth. While they do, ours passes every
 * key on as it is and changes nothing that is shown, because the box's own does
 * both. Whatever ends us short of SIGKILL, it is left as it was found.
 */
#pragma once

#include <stdbool.h>

#include <cordon/launch.h>

#include "cmd/options.h"

/* Is there one to hand over, and does what else was asked go with it? */
int terminal_check(const struct options *options, struct error *err) must_check;

/* Asks for a terminal like ours: its TERM and its size. */
void terminal_describe(struct launch *launch);

/* False where it has none to tell. */
bool terminal_size(struct screen *ret);

/* Every key is the box's from now on. May be said again. */
void terminal_hand_over(void);

/* As it was found. What was typed for the box and not read, or what our terminal
 * answered to its questions, does not become a shell's. Nothing if it is ours already. */
void terminal_take_back(void);

/* The same, and stops us until somebody continues us. */
void terminal_stop(void);
