/* SPDX-License-Identifier: Apache-2.0 */
/* say.c - cordon's own words. */
#include <stdarg.h>
#include <stdio.h>

#include <cordon/outcome.h>

#include "cmd/command.h"
#include "fd.h"
#include "str.h"

uint64_t started_ns;

/* One write, so that lines of several processes do not mix. */
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
    str_puts(&line, "cordon: ");
    for (char *p = text; *p; p++)
        if (*p == '\n' || *p == '\r')
            *p = ' ';
    str_puts(&line, text);
    str_putc(&line, '\n');
    struct error ignored = { 0 };
    (void)!fd_write_all(STDERR_FILENO, line.data, line.len, &ignored);
}

int complain_error(const struct error *err)
{
    complain("%s", err->text);
    const struct outcome outcome = { .end = end_of_failure(err->blame, true) };
    return outcome_exit_code(&outcome);
}
