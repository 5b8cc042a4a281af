/* SPDX-License-Identifier: Apache-2.0 */
#include "charges.h"

#include "str.h"

struct charge {
    pid_t supervisor;
    struct launch names;
};

void charges_add(struct charges *charges, pid_t supervisor, const struct launch *launch)
{
    if (charges->count == charges->room) {
        charges->room = charges->room ? charges->room * 2 : 16;
        charges->list = xrealloc(charges->list, charges->room * sizeof(*charges->list));
    }
    struct charge *charge = &charges->list[charges->count++];
    charge->supervisor = supervisor;
    launch_names(launch, &charge->names);
}

bool charges_take(struct charges *charges, pid_t supervisor, struct launch *ret)
{
    for (size_t i = 0; i < charges->count; i++)
        if (charges->list[i].supervisor == supervisor) {
            *ret = charges->list[i].names;
            charges->list[i] = charges->list[--charges->count];
            return true;
        }
    return false;
}
