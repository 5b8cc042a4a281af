/* SPDX-License-Identifier: Apache-2.0 */
/* precedence.h - a server's front among the boxes that it started. */
#pragma once

/* As root, for a server whose standard input is `in`: from now on the host gives the front the
 * processor before what it watches. Does what the kernel allows, and is no failure. */
void precedence_take(int in);
