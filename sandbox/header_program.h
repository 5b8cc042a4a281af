/* SPDX-License-Identifier: Apache-2.0 */
/* header_program.h - the Python side of header.c, which runs in a box.
 *
 * Arguments: "header" or "versions", then the versions of this host. Standard
 * input: the TOML text, or a requires-python specifier. Lines of the answer:
 *
 *     refused REASON                          and nothing else, or
 *     dependency TEXT ...  requires TEXT  version TEXT ...
 */
#pragma once

extern const char header_program[];
