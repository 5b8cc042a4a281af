/* SPDX-License-Identifier: Apache-2.0 */
/* base64.h - bytes as text that JSON can carry (RFC 4648, with padding). */
#pragma once

#include <stddef.h>

#include <cordon/own.h>

/* The caller's. */
char *base64(const void *bytes, size_t len) never_null;
