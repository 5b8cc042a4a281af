/* SPDX-License-Identifier: Apache-2.0 */
/* attack: 64 MB of lines to standard output where one is kept
 * category: resources
 * inside: the rest is dropped and counted
 * limits: output=1M
 * worked: output 8000000
 * expect: quiet output
 */
#include "attack.h"

int main(void)
{
    static char lines[1 << 16];
    memset(lines, 'y', sizeof(lines));
    for (size_t i = 71; i < sizeof(lines); i += 72)
        lines[i] = '\n';
    for (int i = 0; i < 1024; i++)
        if (write(1, lines, sizeof(lines)) < 0)
            stopped("write");
    return 0;
}
