/* SPDX-License-Identifier: Apache-2.0 */
/* places.h - directories of which the gate said a moment ago that a principal may name them.
 *
 * Each launch is judged behind the boundary again. To ask before is for the caller, who hears at
 * once what is wrong; whoever has been told that nothing is need not be told again with every call.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define PLACES_MAX     8
#define PLACES_GOOD_MS 10000

/* A zeroed one has none. */
struct places {
    struct {
        char *path; /* canonical */
        uint64_t asked_ns;
    } list[PLACES_MAX];
    unsigned next;
};

void places_done(struct places *places);

/* `path` is the answer to a question at `now_ns`. */
void places_add(struct places *places, const char *path, uint64_t now_ns);
bool places_has(const struct places *places, const char *path, uint64_t now_ns);
