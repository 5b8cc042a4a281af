/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/chart.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/named.h"
#include "cmd/trusted.h"
#include "fd.h"
#include "run/picture.h"
#include "str.h"

#define CHART_BYTES_MAX ((size_t)4 * 1024 * 1024)

/* A PNG in a report is looked at on screens with fine pixels. */
#define CHART_SCALE 2

static const char *format_of(const char *path)
{
    return ends_with(path, ".svg") ? "svg" : ends_with(path, ".png") ? "png" : NULL;
}

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Can a file be made in it? Only a try tells, for root above all. 0, or an errno. */
static int try_directory(int directory)
{
    autofree char *name = xasprintf(".cordon-chart-%d", (int)getpid());
    autoclose int fd =
        openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    return fd < 0 || unlinkat(directory, name, 0) < 0 ? errno : 0;
}

/* Its directory; a picture is made in it under another name and then renamed, so that a link that
 * lies there is replaced and never followed. */
static int open_directory(const char *path, const char *workspace, struct error *err)
{
    size_t len = strlen(path) - strlen(name_of(path));
    autofree char *directory = len > 0 ? xstrndup(path, len) : xstrdup(".");
    int fd = named_open(directory, O_RDONLY | O_DIRECTORY, workspace);
    if (fd < 0)
        return fail_caller(err, -fd, "%s: %s", directory, named_problem(-fd));
    int code = try_directory(fd);
    if (code == 0)
        return fd;
    close(fd);
    return fail_caller(err, code, "%s: %s", directory, strerror(code));
}

static int check_name(const struct chart_file *chart, int directory, struct error *err)
{
    struct stat st;
    const char *name = name_of(chart->path);
    if (fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return 0;
    if (S_ISDIR(st.st_mode))
        return fail_caller(err, EISDIR, "%s", strerror(EISDIR));
    return named_kept(&st) ? fail_caller(err, EEXIST, OUTPUT_IS_SCRIPT) : 0;
}

int chart_open(struct chart_file *chart, const char *workspace, struct error *err)
{
    chart->directory = -1;
    if (!chart->path)
        return 0;
    if (!format_of(chart->path))
        return fail_caller(err, EINVAL, "%s %s: a picture ends in .svg or .png", chart->option,
                           chart->path);
    int r = helper_check("cordon-chart", err);
    if (r < 0)
        return fail_within(err, "%s: cordon was built without it (no cairo)", chart->option);
    autoclose int directory = open_directory(chart->path, workspace, err);
    r = directory < 0 ? directory : check_name(chart, directory, err);
    if (r < 0)
        return fail_within(err, "%s %s", chart->option, chart->path);
    chart->directory = fd_take(&directory);
    return 0;
}

void chart_close(struct chart_file *chart)
{
    own_close(&chart->directory);
    chart->directory = -1;
}

/* --- drawing -------------------------------------------------------------------------------- */

struct drawing {
    const struct chart_file *chart;
    struct event_base *base;
    struct error *err;
    int result;
};

static void take_picture(void *context, const void *picture, size_t len, const struct error *why)
{
    struct drawing *drawing = context;
    const struct chart_file *chart = drawing->chart;
    if (!picture) {
        *drawing->err = *why;
        drawing->result = -why->code;
    } else {
        drawing->result =
            file_write(chart->directory, name_of(chart->path), picture, len, 0644, drawing->err);
    }
    (void)event_base_loopbreak(drawing->base);
}

int chart_write(const struct chart_file *chart, const struct options *options, const char *text,
                size_t len, struct error *err)
{
    if (!chart->path)
        return 0;
    const struct picture_order order = { .owner = OWNER_LOCAL,
                                         .format = format_of(chart->path),
                                         .flame = chart->flame,
                                         .scale = CHART_SCALE,
                                         .tool = "cordon bench",
                                         .text = text,
                                         .len = len,
                                         .most = CHART_BYTES_MAX };
    struct drawing drawing = { .chart = chart, .err = err, .base = event_base_new() };
    if (!drawing.base)
        return fail_host_as(err, ENOMEM, "start an event loop");
    struct picture_run *run;
    autoclose int channel = -1;
    pid_t sandbox = sandbox_start("run", options, &channel, err);
    int r = sandbox < 0 ? sandbox : 0;
    if (r == 0)
        r = picture_draw(drawing.base, channel, &order, take_picture, &drawing, &run, err);
    if (r == 0) {
        (void)event_base_dispatch(drawing.base);
        r = drawing.result;
    }
    own_close(&channel);
    channel = -1;
    sandbox_await(sandbox, options, NULL);
    event_base_free(drawing.base);
    return r < 0 ? fail_within(err, "%s %s", chart->option, chart->path) : 0;
}
