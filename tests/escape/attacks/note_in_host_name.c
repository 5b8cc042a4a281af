/* SPDX-License-Identifier: Apache-2.0 */
/* attack: a name given to the host is there for the next run
 * category: cross-run
 * inside: the call is not there, and every box has names of its own
 * parties: after
 * as: root
 */
#include "attack.h"

int main(int argc, char **argv)
{
    if (sending(argc, argv)) {
        if (sethostname("note", 4) < 0)
            stopped("sethostname");
        return 0;
    }
    char name[65] = "";
    (void)gethostname(name, sizeof(name));
    if (strcmp(name, "note") != 0)
        stopped("it is called as always");
    worked("the note is there");
}
