/* SPDX-License-Identifier: Apache-2.0 */
/* attack: a file in /tmp or at home passes a note to the next run
 * category: cross-run
 * inside: what is written there is gone with its box
 * parties: after
 */
#include <fcntl.h>

#include "attack.h"

int main(int argc, char **argv)
{
    if (sending(argc, argv)) {
        (void)close(open("/tmp/cordon-note", O_CREAT | O_WRONLY, 0666));
        (void)chdir(getenv("HOME"));
        if (!getenv("STAND_IN"))
            (void)close(open(".cordon-note", O_CREAT | O_WRONLY, 0666));
        return 0;
    }
    (void)chdir(getenv("HOME"));
    if (open("/tmp/cordon-note", O_RDONLY) < 0 && open(".cordon-note", O_RDONLY) < 0)
        stopped("open");
    worked("the note is there");
}
