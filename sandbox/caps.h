/* SPDX-License-Identifier: Apache-2.0 */
/* caps.h - every capability gone: effective, permitted, inheritable, ambient, bounding. */
#pragma once

/* In the child: 0, or -1 with errno. Nothing that is executed later can regain one. */
int caps_drop_all(void);
