/* SPDX-License-Identifier: Apache-2.0 */
/* attack: 64 MB of bytes that are no text, to both streams in turn
 * category: resources
 * inside: the rest is dropped and counted
 * limits: output=1M
 * worked: output 8000000
 * expect: quiet output
 */
#include "attack.h"

int main(void)
{
    static unsigned char rubbish[1 << 16];
    for (size_t i = 0; i < sizeof(rubbish); i++)
        rubbish[i] = (unsigned char)(i * 2654435761U >> 13) & 0x9f;
    for (int i = 0; i < 1024; i++)
        if (write(1 + i % 2, rubbish, sizeof(rubbish)) < 0)
            stopped("write");
    return 0;
}
