/* SPDX-License-Identifier: Apache-2.0 */
/* principal_read.h - the principals of a configuration file. */
#pragma once

#include "json_read.h"

/* Reads {"NAME": {...}, ...} into a struct principals (principal.h). */
json_reader principals_read;
