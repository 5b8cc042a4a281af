/* SPDX-License-Identifier: Apache-2.0 */
/* ids.h - which ids root may give away here.
 *
 * On an ordinary host every id exists, and a high range that nobody uses is
 * reserved: one for the front, then one per slot. In a user namespace (a
 * rootless container) only the mapped ones do, and the end of the longest
 * mapped range is taken (user_namespaces(7), "uid_map").
 */
#pragma once

#include <stdint.h>

#define IDS_SLOT_FIRST 2000000000U

/* The first of `count` slot ids, with the front's just below it; `preferred` where
 * that is mapped for users and groups. 0: this root has no ids to give. */
uint32_t ids_first(uint32_t preferred, uint32_t count);

/* The same on given text, as in /proc/self/uid_map. */
uint32_t ids_first_in(const char *map, uint32_t preferred, uint32_t count);
