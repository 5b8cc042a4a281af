/* SPDX-License-Identifier: Apache-2.0 */
/* room.h - how full a bounded file system of a box is, seen from outside. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/* The scratch directory `inside` of the box of this process, or -1; the caller's. It keeps
 * the file system alive. A box cannot put anything else in its place: its root is read-only.
 * As a user a payload is asked for: pid 1 was never executed in the box, so that its /proc
 * files are those of the host's user namespace. */
int room_open(pid_t process, const char *inside);

/* Where it has no room left: REACHED_DISK with `bytes` (REACHED_SCRATCH or REACHED_GROWTH: whose
 * bytes these are) or REACHED_INODES or both. 0: it has, or `directory` is -1. */
unsigned room_reached(int directory, unsigned bytes);

/* What its files take up; 0 for the directory -1. */
uint64_t room_used_bytes(int directory);
