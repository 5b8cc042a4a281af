/* SPDX-License-Identifier: Apache-2.0 */
/* timezone.h - the caller's time zone by its name, such as "Europe/Berlin". */
#pragma once

/* TZ, else what /etc/localtime points to; NULL where neither says a name. The caller's. */
char *timezone_name(void);
