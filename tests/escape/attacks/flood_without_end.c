/* SPDX-License-Identifier: Apache-2.0 */
/* attack: writes until it is stopped (here: 256 MB)
 * category: resources
 * inside: with output_end the run ends as soon as nothing more is kept
 * limits: output=1M output_end
 * worked: output 8000000
 * expect: output
 */
#include "attack.h"

int main(void)
{
    static char piece[1 << 16];
    memset(piece, 'z', sizeof(piece));
    for (int i = 0; i < 4096; i++)
        if (write(1, piece, sizeof(piece)) < 0)
            stopped("write");
    return 0;
}
