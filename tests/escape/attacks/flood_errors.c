/* SPDX-License-Identifier: Apache-2.0 */
/* attack: 64 MB to standard error without a single end of a line
 * category: resources
 * inside: the rest is dropped and counted
 * limits: output=1M
 * worked: output 8000000
 * expect: quiet output
 */
#include "attack.h"

int main(void)
{
    static char line[1 << 16];
    memset(line, 'e', sizeof(line));
    for (int i = 0; i < 1024; i++)
        if (write(2, line, sizeof(line)) < 0)
            stopped("write");
    return 0;
}
