/* SPDX-License-Identifier: Apache-2.0 */
/* syscalls.h - names and numbers of what a rule may speak of. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SYSCALL_UNKNOWN   (-1) /* no kernel has it under that name */
#define SYSCALL_ELSEWHERE (-2) /* other architectures have it */

/* The number of a system call on the native architecture, or one of the above. */
int syscall_number(const char *name);

/* The name of a number, for people; the caller's. */
char *syscall_name(int number);

/* "TIOCSTI", "AF_UNIX", "O_CREAT", "07000", "0x7f" -> value. */
bool constant_value(const char *name, uint64_t *ret);

/* The constant with that value whose name begins with the first `len` characters of `prefix`
 * ("AF_"), or NULL. */
const char *constant_name(uint64_t value, const char *prefix, size_t len);

/* "EPERM" -> 1; 0 for a name a rule may not answer with. */
int errno_number(const char *name);
const char *errno_name(int number); /* NULL where errno_number() knows none */
