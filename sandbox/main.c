/* SPDX-License-Identifier: Apache-2.0 */
#include <cordon/trusted.h>

int main(int argc, char **argv)
{
    return trusted_main(argc, argv);
}
