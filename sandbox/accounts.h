/* SPDX-License-Identifier: Apache-2.0 */
/* accounts.h - /etc/passwd as a file: getpwuid(3) would load name service modules, which a static
 * program should not, and fgetpwent(3) asks for its place in the file three times a line. Whoever
 * is only in a directory service is not there. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct account {
    const char *name, *home;
    uid_t uid;
};

/* The whole text, for account_next(); the caller's. NULL where there is none. */
char *accounts_read(void);

/* The account at *rest, which moves on; false at the end. It points into the text, which it
 * divides. */
bool account_next(char **rest, struct account *ret);
