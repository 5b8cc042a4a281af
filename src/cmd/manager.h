/* SPDX-License-Identifier: Apache-2.0 */
/* manager.h - what a service manager is told: sd_notify(3), by its variable alone. */
#pragma once

#include <cordon/own.h>

/* Lines such as "READY=1\nSTATUS=serving". Where nobody asked to be told (NOTIFY_SOCKET), or he is
 * not there any more, nothing happens: a server serves without him. */
void manager_tell(const char *fmt, ...) printf_like(1, 2);
