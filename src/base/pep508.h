/* SPDX-License-Identifier: Apache-2.0 */
/* pep508.h - does a string look like a requirement? (PEP 508: "name[extras] versions ; marker")
 *
 * Pure; any bytes. Only where each part begins is judged, so that a slip of the fingers is
 * said where it was made; the grammar itself is uv's to judge.
 */
#pragma once

#include <stdbool.h>

bool pep508_shaped(const char *text);
