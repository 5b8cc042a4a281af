/* SPDX-License-Identifier: Apache-2.0 */
/* tree_size.h - how much there is beneath a directory. */
#pragma once

#include <stdint.h>

struct tree_size {
    uint64_t bytes; /* on disk; each name of a file answers for its part */
    uint64_t files; /* of every kind, directories too */
};

/* Of what can be seen: no link is followed, no mount entered. */
void tree_size_at(int directory, struct tree_size *ret);
void tree_size(const char *path, struct tree_size *ret);
