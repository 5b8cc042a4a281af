/* SPDX-License-Identifier: Apache-2.0 */
#include "accounts.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "fd.h"

#define ACCOUNTS_BYTES_MAX (16UL * 1024 * 1024)

enum field { NAME, PASSWORD, UID, GID, COMMENT, HOME, SHELL, FIELDS }; /* passwd(5) */

char *accounts_read(void)
{
    char *text = NULL;
    struct error ignored;
    return file_read(AT_FDCWD, "/etc/passwd", ACCOUNTS_BYTES_MAX, &text, NULL, &ignored) < 0 ? NULL
                                                                                             : text;
}

/* False for a line that is none: a comment, or one for NIS. */
static bool take_line(char *line, struct account *ret)
{
    char *fields[FIELDS] = { NULL }, *end;
    size_t count = 0;
    while (count < FIELDS && (fields[count] = strsep(&line, ":")))
        count++;
    if (count < FIELDS || !strchr("0123456789", fields[UID][0]))
        return false;
    unsigned long uid = strtoul(fields[UID], &end, 10);
    *ret = (struct account){ .name = fields[NAME], .home = fields[HOME], .uid = (uid_t)uid };
    return *end == '\0' && end > fields[UID] && *ret->name;
}

bool account_next(char **rest, struct account *ret)
{
    for (char *line; (line = strsep(rest, "\n"));)
        if (take_line(line, ret))
            return true;
    return false;
}
