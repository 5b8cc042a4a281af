/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/named.h"
#include "cmd/options.h"
#include "fd.h"
#include "str.h"

/* The file that a name leads to, or would if it were made; the caller's. */
static char *resolved(const char *path)
{
    char *real = realpath(path, NULL);
    if (real)
        return real;
    const char *slash = strrchr(path, '/');
    autofree char *parent = slash ? xstrndup(path, (size_t)(slash - path) + 1) : xstrdup(".");
    autofree char *directory = realpath(parent, NULL);
    return directory ? xasprintf("%s/%s", directory, slash ? slash + 1 : path) : xstrdup(path);
}

int report_distinct(const struct options *options, struct error *err)
{
    const struct {
        const char *option, *path;
    } outputs[] = { { "--report", options->report },
                    { "--csv", options->csv },
                    { "--chart", options->chart },
                    { "--profile", options->profile },
                    { "--trace", options->trace } };
    for (size_t i = 0; i < COUNT(outputs); i++) {
        if (!outputs[i].path || strcmp(outputs[i].path, "-") == 0)
            continue;
        autofree char *path = resolved(outputs[i].path);
        for (size_t j = 0; j < i; j++) {
            autofree char *other = outputs[j].path ? resolved(outputs[j].path) : NULL;
            if (other && strcmp(path, other) == 0)
                return fail_caller(err, EINVAL, "%s %s: that is the file of %s; name another",
                                   outputs[i].option, outputs[i].path, outputs[j].option);
        }
    }
    return 0;
}

int report_open(struct report *report, const char *workspace, struct error *err)
{
    report->fd = -1;
    if (!report->path)
        return 0;
    struct stat st;
    report->standard = strcmp(report->path, "-") == 0;
    autoclose int fd = report->standard ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
                                        : named_open(report->path, O_WRONLY | O_CREAT, workspace);
    if (fd < 0)
        return fail_caller(err, report->standard ? errno : -fd, "%s %s: %s", report->option,
                           report->path, named_problem(report->standard ? errno : -fd));
    if (!report->standard && fstat(fd, &st) == 0 && named_kept(&st))
        return fail_caller(err, EEXIST, "%s %s: " OUTPUT_IS_SCRIPT, report->option, report->path);
    report->fd = fd_take(&fd);
    report->workspace = workspace ? xstrdup(workspace) : NULL;
    return 0;
}

/* Of a file, that who reads it by its name reads what we wrote: in a workspace the script may
 * have put another there. */
static int check(const struct report *report, struct error *err)
{
    struct stat st;
    if (report->standard || fstat(report->fd, &st) < 0 || !S_ISREG(st.st_mode) ||
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
    if (report->standard)
        (void)fflush(stdout); /* what was said before */
    else
        (void)!ftruncate(report->fd, 0); /* not for a pipe, which has nothing old in it */
    int r = fd_write_all(report->fd, bytes, len, err);
    return r < 0 ? fail_within(err, "%s %s", report->option, report->path) : check(report, err);
}

int report_also(int r, struct error *err, int next, const struct error *fresh)
{
    if (next >= 0)
        return r;
    if (r < 0)
        (void)complain_error(err);
    *err = *fresh;
    return next;
}

void report_close(struct report *report)
{
    own_close(&report->fd);
    report->fd = -1;
    free(TAKE(&report->workspace));
}
