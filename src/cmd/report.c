/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/report.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "cmd/named.h"
#include "fd.h"
#include "str.h"

int report_open(struct report *report, const char *workspace, struct error *err)
{
    report->fd = -1;
    if (!report->path)
        return 0;
    int fd = named_open(report->path, O_WRONLY | O_CREAT, workspace);
    if (fd < 0)
        return fail_caller(err, -fd, "%s %s: %s", report->option, report->path, named_problem(-fd));
    report->fd = fd;
    report->workspace = workspace ? xstrdup(workspace) : NULL;
    return 0;
}

/* Of a file, that who reads it by its name reads what we wrote: in a workspace the script may
 * have put another there. */
static int check(const struct report *report, struct error *err)
{
    struct stat st;
    if (fstat(report->fd, &st) < 0 || !S_ISREG(st.st_mode) ||
        named_is(report->path, report->fd, report->workspace))
        return 0;
    return fail_caller(err, ESTALE,
                       "%s %s: what is there now is not the file that was written: it was "
                       "replaced during the run",
                       report->option, report->path);
}

int report_write(const struct report *report, const void *bytes, size_t len, struct error *err)
{
    if (report->fd < 0)
        return 0;
    (void)!ftruncate(report->fd, 0); /* not for a pipe, which has nothing old in it */
    int r = fd_write_all(report->fd, bytes, len, err);
    return r < 0 ? fail_within(err, "%s %s", report->option, report->path) : check(report, err);
}

void report_close(struct report *report)
{
    own_close(&report->fd);
    report->fd = -1;
    free(TAKE(&report->workspace));
}
