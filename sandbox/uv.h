/* SPDX-License-Identifier: Apache-2.0 */
/* uv.h - the uv program, what the operator has set for it, and what its failures mean.
 *
 * The settings hold credentials. They go into the box in which uv installs and
 * nowhere else: not into keys, records, messages or any other box.
 */
#pragma once

#include "env.h"
#include "errand.h"

#define UV_INSIDE       "/box/uv" /* everything uv needs is seen beneath it */
#define UV_CACHE_INSIDE UV_INSIDE "/cache"

/* How a box sees the program. A script (the operator's wrapper) runs at its own
 * path with its directory beside it, and the real uv is seen as well. */
struct uv_program {
    char *inside; /* argv[0] */
    struct errand_mount mounts[3];
    size_t mount_count;
    char *owned[3]; /* what the mounts point to */
};

void uv_program_make(const struct sandbox *sandbox, const char *path, struct uv_program *ret);
void uv_program_done(struct uv_program *program);

struct uv_settings {
    char **env; /* "NAME=value", with paths as they are inside */
    struct errand_mount *mounts;
    size_t mount_count;
    char **owned;   /* what the mounts point to */
    char **hosts;   /* "name:port" of every http(s) address in them */
    char **secrets; /* strings that must not be seen outside */
    char *identity; /* lines that decide a resolution, without credentials: part of keys */
};

/* From sandbox->settings, the operator's files and the configuration. */
void uv_settings_make(const struct sandbox *sandbox, struct uv_settings *ret);
void uv_settings_done(struct uv_settings *settings);

/* Takes every secret, and user information in URLs, out of `text`, in place. */
void uv_redact(const struct uv_settings *settings, char *text);

/* uv's standard error as one sentence in *err, with blame. Returns -err->code. */
int uv_reason(const struct uv_settings *settings, const char *text, struct error *err);
