/* SPDX-License-Identifier: Apache-2.0 */
/* pid1.h - what the pid 1 of every box does alike, a fresh one's (confine.c) and a forked one's
 * (branch/init.c): clocks, limits, filter, reports, commands, reaping.
 *
 * It is compiled into cordon-branch.so once more, and so needs nothing but libc, cost.h and
 * clock.h. All of it: 0, or -1 with errno.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>

#include "confine.h"

#define CONTROL_FD  3
#define REPORT_FD   4
#define LISTENER_FD 5 /* the lowest that is free when the payload makes it */

/* One datagram, with this descriptor or -1. */
int pid1_send(int sock, const void *bytes, size_t len, int fd);

/* Which step failed and at what, with errno; then nothing. */
_Noreturn void pid1_give_up(int report_fd, const char *step, const char *what);

int pid1_raise_loopback(void);

/* Children's clocks begin at one second. `monotonic_s`, `boot_s`: by so much our own are ahead of
 * the host's. *ret: by how much the children's monotonic one is, or as it was if the kernel has no
 * such namespaces. */
int pid1_shift_clocks(int64_t monotonic_s, int64_t boot_s, int64_t *ret);

/* Hard and soft alike; a hard limit below it stays, for a user can only lower. `open_files`: that
 * of RLIMIT_NOFILE alone, which is the payload's and never pid 1's: that one sends a descriptor,
 * which a payload of another box of the same user could else forbid (fd_limit_raise says how). */
int pid1_limit(const struct plan_rlimit *limits, size_t count, bool open_files);

/* The last step of a payload. The listener becomes LISTENER_FD; an older kernel, or a box around us
 * that listens already, makes it the plain filter. */
int pid1_filter(const struct sock_fprog *asking, const struct sock_fprog *plain);

/* The end of children interrupts waits that have *waiting as their mask, and nothing else. */
int pid1_heed_children(sigset_t *waiting);

/* Says what the box has cost until now, and lets the listener go. */
void pid1_tell_running(struct report *report);

/* Obeys and reaps until the payload has ended, and everybody with it; tells the end. */
_Noreturn void pid1_reap(pid_t payload, struct report report, const sigset_t *waiting);
