/* SPDX-License-Identifier: Apache-2.0 */
/* etc.h - the box's /etc: made here, not bound, so that nothing of the host's users or hosts shows.
 */
#pragma once

#include "mounts.h"

/* Adds the made files, and the few harmless ones of the host that programs need
 * (ld.so.cache, services, mime.types, localtime, CA configuration). */
int etc_add(struct root_plan *root, struct error *err) must_check;

/* The host's among them; NULL: there are no more. */
const char *etc_of_host(size_t i);

/* Whose a path beneath /etc is. */
enum etc_whose { ETC_NOBODYS, ETC_MADE, ETC_HOSTS };
enum etc_whose etc_whose(const char *path);
