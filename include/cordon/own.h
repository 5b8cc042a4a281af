/* SPDX-License-Identifier: Apache-2.0 */
/* own.h - who owns a thing is visible where its variable is born.
 *
 *     autofree char *text = NULL;      freed when the scope ends
 *     autoclose int fd = -1;           closed when the scope ends
 *     *ret = TAKE(&text);              leaves this scope alive
 */
#pragma once

#include <stdlib.h>
#include <unistd.h>

#define never_null             __attribute__((returns_nonnull))
#define must_check             __attribute__((warn_unused_result))
#define printf_like(at, first) __attribute__((format(printf, at, first)))

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static inline void own_free(void *slot)
{
    free(*(void **)slot);
}

static inline void own_close(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

/* Frees a NULL-ended list of strings and the strings. NULL is fine. */
void list_free(char **list);

static inline void own_list(char ***list)
{
    list_free(*list);
}

/* Being ended is a use: clang does not count it as one. */
#define autofree  __attribute__((cleanup(own_free), unused))
#define autoclose __attribute__((cleanup(own_close), unused))
#define autolist  __attribute__((cleanup(own_list), unused))

/* The pointer changes hands; the variable is left NULL. */
#define TAKE(slot)                            \
    ({                                        \
        __typeof__(*(slot)) taken_ = *(slot); \
        *(slot) = NULL;                       \
        taken_;                               \
    })

/* The same for a descriptor, left -1. */
static inline int fd_take(int *fd)
{
    int taken = *fd;
    *fd = -1;
    return taken;
}
