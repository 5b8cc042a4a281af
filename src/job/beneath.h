/* SPDX-License-Identifier: Apache-2.0 */
/* beneath.h - SQLite opens its files beneath a directory descriptor.
 *
 * SQLite knows paths only, and walks them from the root. A front cannot: as root its state
 * lies in a directory that its own account may not enter, a path may be longer than SQLite
 * takes, and a directory above may be moved. So SQLite is given names such as "/7/jobs.db",
 * and the few calls that take names understand the first part as a descriptor. Links are
 * never followed.
 */
#pragma once

#include <stddef.h>

/* Whatever SQLite opens in this process from here on. Call it as often as you like. */
void beneath_install(void);

#define BENEATH_MAX 64

/* The name under which SQLite finds `name` beneath `directory`. */
void beneath_name(int directory, const char *name, char out[BENEATH_MAX]);
