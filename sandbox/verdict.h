/* SPDX-License-Identifier: Apache-2.0 */
/* verdict.h - which layers held when a witness tried them on this host.
 *
 * Made in a throw-away box and kept in STATE/gate/verdict for this boot, kernel,
 * program and user; made anew where it is missing or about something else.
 */
#pragma once

#include "sandbox.h"

#define VERDICT_LAYERS 16

struct verdict {
    struct {
        char layer[24];
        char fault[96]; /* empty: it held */
    } rows[VERDICT_LAYERS];
    size_t count;
};

#define WITNESS_POLICY "default" /* what the self-test's box has around it */

/* `fresh` does not believe the kept one. Failure means that no box could be built. */
int verdict_get(const struct sandbox *sandbox, bool fresh, struct verdict *ret,
                struct error *err) must_check;

/* NULL when the layer held or was not tried, else what went through. */
const char *verdict_fault(const struct verdict *verdict, const char *layer);
