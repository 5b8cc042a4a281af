/* SPDX-License-Identifier: Apache-2.0 */
/* unit.h - what cmocka wants to see before itself, and what all unit tests ask. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* clang-format off: cmocka.h needs the four above first. */
#include <cmocka.h>
/* clang-format on */

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cordon/error.h>

#define UNIT_MAIN(tests)                                    \
    int main(void)                                          \
    {                                                       \
        return cmocka_run_group_tests((tests), NULL, NULL); \
    }

/* The call succeeds; otherwise the test says why not. */
#define assert_ok(call, err)                        \
    do {                                            \
        if ((call) < 0)                             \
            fail_msg("%s: %s", #call, (err)->text); \
    } while (0)

/* FULL=1 asks for the long form; an empty value does not. */
static inline bool is_full(void)
{
    const char *full = getenv("FULL");
    return full && *full;
}

/* The failure's text holds these words. */
static inline void assert_says(const struct error *err, const char *words)
{
    if (!strstr(err->text, words))
        fail_msg("\"%s\" does not say \"%s\"", err->text, words);
}
