/* SPDX-License-Identifier: Apache-2.0 */
/* progress.h - what a script says of how far it is: the last line of a file in its scratch space.
 *
 * The script appends lines `CURRENT TOTAL MESSAGE` to the file that CORDON_PROGRESS names (the
 * total may be 0: unknown; the message may be missing). The supervisor looks at the file's end
 * now and then, so a script that writes much costs nothing more. Every byte, and the file itself,
 * is the script's doing: only a regular file of that scratch space is read, never waited for.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <cordon/note.h>

#define PROGRESS_FILE                                                           \
    ".cordon-progress" /* in a scratch directory; not there until it is written \
                        */

struct progress_watch {
    off_t size; /* of the file when it was looked at */
    int64_t changed_ns;
    struct progress_note last;
};

/* True if there is something new, in watch->last. `scratch` is the directory (room.h). */
bool progress_look(struct progress_watch *watch, int scratch);

/* The last whole line of `text` that is one, else false. */
bool progress_parse(const char *text, size_t len, struct progress_note *ret);
