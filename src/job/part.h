/* SPDX-License-Identifier: Apache-2.0 */
/* part.h - a directory of the store. Internal to src/job. */
#pragma once

/* Opens `name` beneath `front`, made 0700 whatever the umask; -1 with errno. */
int part_open(int front, const char *name);
