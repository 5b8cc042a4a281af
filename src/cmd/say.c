/* SPDX-License-Identifier: Apache-2.0 */
/* say.c - cordon's own words. */
#include <stdarg.h>
#include <stdio.h>

#include <cordon/outcome.h>

#include "cmd/command.h"
#include "fd.h"
#include "str.h"

uint64_t started_ns;
char **called_with;

/* One write, so that lines of several processes do not mix; and names in it, of files above all,
 * are whoever's: masked. */
void complain(const char *fmt, ...)
{
    autostr struct str line = { 0 };
    autofree char *text = NULL;
    va_list args;
    va_start(args, fmt);
    int len = vasprintf(&text, fmt, args);
    va_end(args);
    if (len < 0)
        return;
    for (char *p = text; *p; p++)
        if (*p == '\n' || *p == '\r' || *p == '\t')
            *p = ' ';
    autofree char *shown = xcalloc((size_t)len + 1, 1);
    str_printf(&line, "cordon: %s\n", printable(text, shown, (size_t)len + 1));
    struct error ignored = { 0 };
    (void)!fd_write_all(STDERR_FILENO, line.data, line.len, &ignored);
}

int complain_error(const struct error *err)
{
    complain("%s", err->text);
    const struct outcome outcome = { .end = end_of_failure(err->blame, true) };
    return outcome_exit_code(&outcome);
}
