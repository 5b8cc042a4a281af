/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - the untrusting program: argv -> command. */
#include <stdio.h>

int main(void)
{
    (void)fputs("cordon: not yet\n", stderr);
    return 125;
}
