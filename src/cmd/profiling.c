/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/profiling.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fd.h"
#include "json.h"
#include "run/result.h"

#define OPTION "--profile"

/* Functions in a text, in a result, and after a benchmark. */
#define ROWS_IN_TEXT   100
#define ROWS_IN_RESULT 50
#define ROWS_PRINTED   10

/* The box is gone, so the pipe has ended; should somebody still hold it, he is not waited for. */
#define LINGER_MS 1000

#define CHUNK_BYTES (64 * 1024)

/* --- shapes -------------------------------------------------------------------------------- */

static void make_text(const struct profile *profile, const char *label, struct str *out)
{
    (void)label;
    profile_print_text(profile, ROWS_IN_TEXT, out);
}

static void make_folded(const struct profile *profile, const char *label, struct str *out)
{
    (void)label;
    profile_print_folded(profile, out);
}

static void make_speedscope(const struct profile *profile, const char *label, struct str *out)
{
    size_t len;
    autojson struct json_object *object = profile_speedscope(profile, label);
    const char *text = result_text(object, &len);
    str_add(out, text, len);
    str_putc(out, '\n');
}

static void make_flame(const struct profile *profile, const char *label, struct str *out)
{
    size_t len;
    autojson struct json_object *object = profile_flame(profile, label);
    const char *text = result_text(object, &len);
    str_add(out, text, len);
}

static const struct shape {
    const char *ending;
    void (*make)(const struct profile *profile, const char *label, struct str *out);
    bool picture; /* what is made is drawn */
} shapes[] = {
    { ".svg", make_flame, true },      { ".png", make_flame, true },
    { ".txt", make_text, false },      { ".json", make_speedscope, false },
    { ".folded", make_folded, false },
};

int profiling_open(struct profiling *profiling, const struct options *options,
                   const char *workspace, struct error *err)
{
    const char *path = options->profile;
    *profiling = PROFILING_NONE;
    profiling->options = options;
    if (!path)
        return 0;
    for (size_t i = 0; i < COUNT(shapes); i++)
        if (ends_with(path, shapes[i].ending))
            profiling->shape = &shapes[i];
    if (!profiling->shape)
        return fail_caller(
            err, EINVAL,
            OPTION " %s: the name must end in .svg, .png, .txt, .json (speedscope) or .folded",
            path);
    if (profiling->shape->picture) {
        profiling->picture =
            (struct chart_file){ .option = OPTION, .path = path, .flame = true, .directory = -1 };
        return chart_open(&profiling->picture, workspace, err);
    }
    profiling->file = (struct report){ .option = OPTION, .path = path, .fd = -1 };
    return report_open(&profiling->file, workspace, err);
}

/* --- the pipe -------------------------------------------------------------------------------- */

/* False once there is nothing more, now or ever. */
static bool take(struct profiling *profiling)
{
    static char chunk[CHUNK_BYTES]; /* one loop, one reader at a time */
    ssize_t n = read(profiling->fd, chunk, sizeof(chunk));
    if (n > 0)
        profile_take(profiling->profile, chunk, (size_t)n);
    else if (n == 0 && profiling->event)
        (void)event_del(profiling->event);
    return n > 0 || (n < 0 && errno == EINTR);
}

static void readable(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    (void)take(context);
}

int profiling_begin(struct profiling *profiling, struct event_base *base, struct launch *launch,
                    struct error *err)
{
    int ends[2];
    if (!profiling->shape)
        return 0;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return fail_host(err, "pipe");
    profiling->fd = ends[0];
    launch->fds[FD_PROFILE] = ends[1];
    int r = fd_nonblocking(profiling->fd, err);
    if (r < 0)
        return r;
    profile_free(profiling->profile);
    profiling->profile = profile_new();
    profiling->event = event_new(base, profiling->fd, EV_READ | EV_PERSIST, readable, profiling);
    if (!profiling->event || event_add(profiling->event, NULL) < 0)
        return fail_host_as(err, ENOMEM, "watch a pipe");
    return 0;
}

void profiling_end(struct profiling *profiling)
{
    struct pollfd more = { .fd = profiling->fd, .events = POLLIN };
    if (profiling->fd < 0)
        return;
    while (profiling->event && poll(&more, 1, LINGER_MS) > 0 && take(profiling))
        ;
    if (profiling->event)
        event_free(profiling->event);
    profiling->event = NULL;
    own_close(&profiling->fd);
    profiling->fd = -1;
}

#define EARLY                                                                       \
    "the script was ended, left without its exit handlers, put another program in " \
    "its place or closed the profile's descriptor"

/* --- what is told ----------------------------------------------------------------------------- */

static bool has_some(const struct profiling *profiling)
{
    return profiling->profile && !profile_empty(profiling->profile);
}

void profiling_add(const struct profiling *profiling, struct json_object *result)
{
    if (has_some(profiling))
        json_object_object_add(result, "profile", profile_json(profiling->profile, ROWS_IN_RESULT));
}

void profiling_print(const struct profiling *profiling)
{
    autostr struct str text = { 0 };
    if (!has_some(profiling))
        return;
    profile_print_text(profiling->profile, ROWS_PRINTED, &text);
    (void)printf("\nProfile: %s", text.data);
}

char *profiling_sentence(const struct profiling *profiling)
{
    struct profile_row *rows;
    if (!profiling->shape)
        return NULL;
    if (!has_some(profiling) && profiling->profile && profile_ended(profiling->profile))
        return xasprintf(OPTION " %s: nothing was sampled: it ended at once",
                         profiling->options->profile);
    if (!has_some(profiling))
        return xasprintf(OPTION " %s: nothing was sampled: no Python ran, or " EARLY,
                         profiling->options->profile);
    const struct profile_sum sum = profile_sum(profiling->profile);
    autostr struct str text = { 0 };
    /* Not how many samples: what makes no calls is one, with all of its time. */
    str_printf(&text, "profile: %.2f s", (double)sum.seconds_us / 1e6);
    size_t count = profile_rows(profiling->profile, &rows);
    if (count > 0 && sum.seconds_us > 0) {
        double share = (double)rows[0].self_us / (double)sum.seconds_us;
        str_puts(&text, share >= 0.5 ? ", most of it in " : ", the most in ");
        profile_row_print(&rows[0], &text);
        str_printf(&text, ", %.0f %%", share * 100);
    }
    free(rows);
    if (sum.lost)
        str_printf(&text, "; %" PRIu64 " sample%s more had no room", sum.lost,
                   sum.lost == 1 ? "" : "s");
    if (!profile_ended(profiling->profile))
        str_puts(&text, "; what was sampled until " EARLY);
    return str_take(&text);
}

int profiling_write(struct profiling *profiling, const char *label, struct error *err)
{
    autostr struct str text = { 0 };
    char shown[200];
    if (!profiling->shape)
        return 0;
    /* Of nothing there is no picture, but a document without samples. */
    if (!profiling->profile)
        profiling->profile = profile_new();
    if (has_some(profiling) || !profiling->shape->picture)
        profiling->shape->make(profiling->profile, printable(label, shown, sizeof(shown)), &text);
    if (profiling->shape->picture)
        return text.len
                   ? chart_write(&profiling->picture, profiling->options, text.data, text.len, err)
                   : 0;
    return report_write(&profiling->file, text.data ? text.data : "", text.len, err);
}

void profiling_close(struct profiling *profiling)
{
    profiling_end(profiling);
    profile_free(profiling->profile);
    profiling->profile = NULL;
    report_close(&profiling->file);
    chart_close(&profiling->picture);
}
