/* SPDX-License-Identifier: Apache-2.0 */
/* stop.h - does the owner still want it? Asked in the middle of work that takes long. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct stop {
    int control; /* the owner's control pipe, borrowed; -1: it cannot be stopped */
    bool wanted;
    uint64_t next_ns;
};

/* True from the end of the pipe on, or once a signal came that ends a program: with no
 * script left to hear it, it is for us. So cheap that it can be asked at every entry. */
bool stop_wanted(struct stop *stop);
