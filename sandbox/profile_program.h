/* SPDX-License-Identifier: Apache-2.0 */
/* profile_program.h - the Python side of a profile.
 *
 * Python reads it as `sitecustomize`, before the script. It takes the sampler of pyinstrument from
 * PROFILE_ENVIRONMENT, starts it in every thread, and writes to the pipe PROFILE_FD, a few times a
 * second and at the end, lines of
 *
 *     MICROSECONDS SAMPLES (TAB FUNCTION TAB FILE TAB LINE)... \n      root first
 *     lost SAMPLES \n
 *     end \n                                   the interpreter has come to its own end
 *
 * each piece of up to 4096 bytes whole lines: what a script that was killed has written can be
 * read. It moves the descriptor up, and writes only while that is still the same pipe: what the
 * script opened under its number, after closing what it does not know, is not ours. Only a thread
 * that puts a file there between the look and the write gets a piece. Nothing keeps
 * the script from writing there too: a profile is the script's own word.
 */
#pragma once

#define PROFILE_FD          9
#define PROFILE_START       "/box/profile/start" /* in front of PYTHONPATH until it has begun */
#define PROFILE_FILE        PROFILE_START "/sitecustomize.py"
#define PROFILE_ENVIRONMENT "/box/profile/env"

/* The version whose sampler the program knows. */
#define PROFILE_REQUIREMENT "pyinstrument==5.1.2"

extern const char profile_program[];
