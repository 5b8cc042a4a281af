/* SPDX-License-Identifier: Apache-2.0 */
/* marks.h - what the time of a launch went to, marked behind each step of its straight line.
 *
 * A mark is one reading of the clock and is always made; they are sent (NOTE_SPANS) only where
 * the launch asks for it. A process serves one launch at a time.
 */
#pragma once

#include <cordon/launch.h>

#include "confine.h"

/* A launch begins: what was marked before is another's. What the process does next is its first
 * stretch. */
void marks_begin(void);

/* What lies between the mark before this one and now. `name` is kept as it is: a constant of less
 * than SPAN_NAME_MAX bytes. */
void mark(const char *name);
uint64_t marks_last(void); /* when that was */

/* The same straight line for something else: until it ends nothing is marked, then all of it is one
 * stretch of that name. */
void marks_pause(void);
void marks_resume(const char *name);

/* The steps inside, as a box reports them: `running` is of its payload's start, `ended` of its
 * end; either may be NULL. Copied. What lies before marks_begin() is no time of this launch. */
void marks_inside(const struct report *running, const struct report *ended);

/* Everything marked so far, to the owner of a launch that wants to know. */
void marks_tell(const struct launch *launch);
