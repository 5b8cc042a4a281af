/* SPDX-License-Identifier: Apache-2.0 */
/* harvest.h - from the upper layer of an overlay workspace to a change list, and, where the
 * run's writes are to be kept, to the workspace.
 *
 * The box is gone, but all of the layer is a stranger's work: links, names, depth and
 * file types are what it pleased. What has been changed on the host since the run began
 * wins over the run and is named.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include <cordon/changes.h>
#include <cordon/error.h>

struct harvest_request {
    int upper;             /* the directory with the run's writes */
    int workspace;         /* may be O_PATH */
    size_t path_max;       /* bytes of a path beneath it: more could not be opened by anybody */
    bool keep;             /* apply; else only list */
    int control;           /* of the owner: its end stops applying (stop.h); or -1 */
    bool root;             /* we are the host's root */
    struct timespec since; /* CLOCK_REALTIME before the box started */
    uint64_t room;         /* bytes that may be written to the workspace */
    char *const *protect;  /* names at the top that are never applied, NULL-ended */
    char *const *protect_paths; /* the same for paths beneath it */
};

/* Fills *ret (empty before), sorted. Failing is for a layer or a workspace that cannot be
 * read any further, and for ECANCELED; what was done until then is in *ret. */
int harvest(const struct harvest_request *request, struct changes *ret,
            struct error *err) must_check;
