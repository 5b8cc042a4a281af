/* SPDX-License-Identifier: Apache-2.0 */
/* attack: touches 300 MB where 64 MB are allowed
 * category: resources
 * inside: malloc fails, or the run ends as out of memory
 * options: --memory 64M
 * expect: stopped memory
 */
#include "attack.h"

#define PIECE (1024 * 1024)

int main(void)
{
    for (int i = 0; i < 300; i++) {
        char *piece = malloc(PIECE);
        if (!piece)
            stopped("malloc");
        touch(piece, PIECE);
    }
    worked("300 MB");
}
