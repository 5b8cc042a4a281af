/* SPDX-License-Identifier: Apache-2.0 */
/* print.h - the end of what a command prints. */
#pragma once

/* Flushes standard output and returns the exit status of the command: `status`, or 125 after a
 * complaint where something of what it printed has not arrived. That its reader has gone (`| head`)
 * is no news to anybody. */
int print_end(int status);
