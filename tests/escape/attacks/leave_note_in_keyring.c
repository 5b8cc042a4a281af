/* SPDX-License-Identifier: Apache-2.0 */
/* attack: leaves a note for the next run in a kernel keyring; add_key is one even without keyctl
 * category: system calls
 * inside: none of the three calls is there
 */
#include <sys/syscall.h>
#include <unistd.h>

#include "attack.h"

/* The process's own, so that outside nothing is left behind; the calls are what counts. */
#define OWN_KEYRING (-2L)

int main(void)
{
    if (syscall(SYS_add_key, "user", "cordon-attack", "note", 4UL, OWN_KEYRING) >= 0)
        worked("add_key");
    if (syscall(SYS_keyctl, 0L, OWN_KEYRING, 0L) >= 0)
        worked("keyctl");
    if (syscall(SYS_request_key, "user", "cordon-attack", NULL, OWN_KEYRING) >= 0 ||
        errno == ENOKEY)
        worked("request_key");
    stopped("all three");
}
