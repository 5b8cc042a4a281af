/* SPDX-License-Identifier: Apache-2.0 */
/* special.h - file systems that each box has of its own, made by its pid 1, fresh or forked. */
#pragma once

/* Pairs of a name and a value, or a flag and NULL, ended by a NULL. A proc without the first pair
 * is a full one. */
extern const char *const special_proc[][2];
extern const char *const special_pts[][2];

/* A detached mount of that type, its descriptor the caller's; or -errno. */
int special_make(const char *type, const char *const (*options)[2], unsigned attributes);
