/* SPDX-License-Identifier: Apache-2.0 */
/* prologue.h - the first lines of a source, which must stay first: the byte-order mark,
 * the line that names an interpreter, and the one that names an encoding (PEP 263).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct prologue {
    size_t mark; /* bytes of the byte-order mark: 0 or 3 */
    size_t len;  /* of all of it, with the mark and the lines' ends */
    const char *line_end;
    bool lone_return;  /* one of its lines ends in a CR alone */
    bool utf8;         /* what Python reads the source as; false: another encoding is named */
    char encoding[32]; /* as it is written, cut where it is longer; "" where none is named */
};

/* A source may be any bytes. */
void prologue_read(const char *text, size_t len, struct prologue *ret);
