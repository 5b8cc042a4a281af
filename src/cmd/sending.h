/* SPDX-License-Identifier: Apache-2.0 */
/* sending.h - where the run of a session takes place: a server that took it, or a box of our own.
 */
#pragma once

#include "cmd/session.h"

/* Takes the launch and the input, whatever it returns. */
int sending_begin(struct session *session, struct launch *launch, int feed,
                  struct error *err) must_check;

/* Once the run has ended: its server did not take it. It has run nowhere, and nothing was read of
 * our input. */
bool sending_was_in_vain(const struct session *session);

/* Then it is begun here. */
int sending_again(struct session *session, int feed, struct error *err) must_check;

/* Waits for what we have started, and clears up after what died. */
void sending_end(struct session *session);
