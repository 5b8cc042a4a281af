/* SPDX-License-Identifier: Apache-2.0 */
/* attack.h - how an attack ends. Exit status 0: it worked. */
#pragma once

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Something stood in the way: what must happen in a box. No accident has this number. */
#define STOPPED 42
/* This kernel has not got what is attacked: outside a reason to skip, inside a failure. */
#define NOTHING_TO_ATTACK 77

static inline void worked(const char *what)
{
    printf("worked: %s\n", what);
    exit(0);
}

static inline void stopped(const char *by)
{
    printf("stopped: %s: %s\n", by, strerror(errno));
    exit(STOPPED);
}

static inline void nothing_to_attack(const char *reason)
{
    printf("%s\n", reason);
    exit(NOTHING_TO_ATTACK);
}

/* The process that stands for the one above us: pid 1 in a box. */
static inline int pid_of_init(void)
{
    const char *given = getenv("STAND_IN");
    return given ? atoi(given) : 1;
}
