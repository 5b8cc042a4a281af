/* SPDX-License-Identifier: Apache-2.0 */
/* trusted.h - the trusted program, for who is it or forks to be it. */
#pragma once

/* cordon-sandbox from its arguments to its exit status; what it must be started with says
 * sandbox/program.c. */
int trusted_main(int argc, char **argv);

/* Where its file lies, for a process that was forked and not executed to be it. `path` is
 * borrowed for good. */
void trusted_is(const char *path);
