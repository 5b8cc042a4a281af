/* SPDX-License-Identifier: Apache-2.0 */
/* supervise_glance.c - a reading of what a script uses, when its owner asks for one: somebody looks
 * at a page, and nobody knew of that when the run began.
 *
 * It costs a run nothing that nobody looks at, and as readings go (measure.h) never more than a
 * hundredth of the time: what is asked too soon is not answered.
 */
#include "supervise_inside.h"
#include "usage_now.h"

void supervise_glance(struct state *state, uint64_t now)
{
    const struct supervision *run = state->run;
    bool runs = state->started && !state->waiting && !state->parting && !state->ended;
    if (!run->glanced || run->measure || !runs || state->life != LIFE_RUNNING ||
        now < state->next_glance)
        return;
    uint64_t begun = sample_clock();
    struct sample sample = { 0 };
    usage_now(run->box->pid, run->cgroup, &sample.usage);
    /* As the limit counts it: without what was not the script's, in whatever way its box began. */
    sample.usage.cpu_user_ns = spent_now(&state->spent);
    sample.usage.cpu_system_ns = 0;
    sample.usage.wall_ns = now > state->started_ns ? now - state->started_ns : 1;
    if (sample.usage.pids_peak == 0) /* between two programs */
        sample.usage.pids_peak = 1;
    run->glanced(run->context, &sample);
    state->next_glance = now + sample_rest_ns(begun);
}
