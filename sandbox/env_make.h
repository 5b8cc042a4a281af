/* SPDX-License-Identifier: Apache-2.0 */
/* env_make.h - one environment, made in three steps.
 *
 *     1. an empty environment is laid out, by cordon itself: nothing runs
 *     2. uv installs wheels into it, in a box with the operator's settings; no
 *        code of any package runs, so uv may write the owner's cache
 *     3. the base interpreter lists and compiles it, in a box with neither
 *        network nor cache nor settings; still no code of any package runs
 *
 * A second start of uv, or of the environment's own interpreter, would run a
 * wheel's .pth file: there is none before the script's own box.
 */
#pragma once

#include "uv.h"

struct env_making {
    const struct env_request *request;
    const char *uv; /* path on the host */
    const struct uv_settings *settings;
    const char *path; /* of the directory that becomes ENVIRONMENT_INSIDE, on the host */
};

/* The directory in which `path` lies with all that is only there while it is made; the
 * caller's. */
char *making_top(const struct env_making *making);

/* An environment without packages, as `python -m venv --without-pip` leaves it. */
int env_lay_out(const char *path, const struct python *python, struct error *err) must_check;

/* Fills `path`, an empty directory; *installed is the caller's, *bytes what it takes on disk.
 * EDQUOT where it is larger than its policy allows. What is half
 * made after a failure is the caller's to remove. */
int env_make(const struct sandbox *sandbox, const struct env_making *making, char ***installed,
             uint64_t *bytes, struct error *err) must_check;
