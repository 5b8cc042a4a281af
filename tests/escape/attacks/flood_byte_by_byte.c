/* SPDX-License-Identifier: Apache-2.0 */
/* attack: a million and a half writes of one byte each
 * category: resources
 * inside: the rest is dropped and counted, and the reader is not drowned
 * limits: output=256K wall=20s cpu=20s
 * worked: output 1000000
 * expect: quiet output cpu wall
 */
#include "attack.h"

int main(void)
{
    for (int i = 0; i < 1500000; i++)
        if (write(1, "b", 1) < 0)
            stopped("write");
    return 0;
}
