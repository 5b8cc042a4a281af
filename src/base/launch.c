/* SPDX-License-Identifier: Apache-2.0 */
/* launch.c - the frames that cross the trust boundary, both ways. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include <cordon/launch.h>

#include "frame.h"

/* Far beyond what a frame can hold; a bound for the decoder's loops. */
#define LIST_MAX  16384
#define EXTRA_MAX 64

/* A random UUID, version 4 (RFC 9562). */
int job_id_make(char out[JOB_ID_MAX], struct error *err)
{
    unsigned char b[16];
    if (getrandom(b, sizeof(b), 0) != (ssize_t)sizeof(b))
        return fail_host(err, "getrandom");
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    (void)snprintf(out, JOB_ID_MAX,
                   "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
                   b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
                   b[14], b[15]);
    return 0;
}

void launch_init(struct launch *launch)
{
    *launch = (struct launch){ .asked = limits_no_opinion(),
                               .ceiling = limits_no_opinion(),
                               .use_uv = true };
    for (size_t i = 0; i < FD_COUNT; i++)
        launch->fds[i] = -1;
}

void launch_done(struct launch *launch)
{
    free(launch->policy_file);
    free(launch->workspace);
    free(launch->script_path);
    free(launch->python);
    free(launch->header);
    free(launch->terminal);
    free(launch->zone);
    list_free(launch->requirements);
    list_free(launch->imports);
    list_free(launch->argv);
    list_free(launch->env);
    list_free(launch->hosts);
    for (size_t i = 0; i < launch->extra_count; i++)
        free(launch->extra[i].path);
    free(launch->extra);
    for (size_t i = 0; i < FD_COUNT; i++)
        own_close(&launch->fds[i]);
    launch_init(launch);
}

void launch_names(const struct launch *launch, struct launch *ret)
{
    launch_init(ret);
    ret->what = launch->what;
    memcpy(ret->job, launch->job, sizeof(ret->job));
    memcpy(ret->policy, launch->policy, sizeof(ret->policy));
    memcpy(ret->owner, launch->owner, sizeof(ret->owner));
    memcpy(ret->tool, launch->tool, sizeof(ret->tool));
    memcpy(ret->trace, launch->trace, sizeof(ret->trace));
    ret->by_person = launch->by_person;
    ret->script_path = launch->script_path ? xstrdup(launch->script_path) : NULL;
    if (launch->what == LAUNCH_COMMAND && launch->argv && launch->argv[0])
        list_add(&ret->argv, launch->argv[0]);
    if (launch->fds[FD_SCRIPT] >= 0)
        ret->fds[FD_SCRIPT] = fcntl(launch->fds[FD_SCRIPT], F_DUPFD_CLOEXEC, 3);
}

static size_t list_bytes(char *const *list)
{
    size_t sum = 0;
    for (size_t i = 0; list && list[i]; i++)
        sum += strlen(list[i]) + sizeof(uint32_t);
    return sum;
}

/* What a person can shorten, and how much of the frame it takes. */
static int too_large(const struct launch *launch, struct error *err)
{
    const struct {
        const char *what;
        size_t bytes;
    } parts[] = {
        { "arguments", list_bytes(launch->argv) },
        { "environment variables", list_bytes(launch->env) },
        { "requirements", list_bytes(launch->requirements) },
        { "imports", list_bytes(launch->imports) },
        { "hosts", list_bytes(launch->hosts) },
        { "the script's header", launch->header ? strlen(launch->header) : 0 },
    };
    size_t largest = 0;
    for (size_t i = 1; i < COUNT(parts); i++)
        if (parts[i].bytes > parts[largest].bytes)
            largest = i;
    return fail_caller(err, E2BIG,
                       "%s take %zu bytes; arguments, variables, requirements and header together "
                       "may take %zu",
                       parts[largest].what, parts[largest].bytes, LAUNCH_FRAME_MAX);
}

static int frame_hand_over(struct str *built, void *frame, size_t *len)
{
    if (built->len > LAUNCH_FRAME_MAX)
        return -E2BIG;
    memcpy(frame, built->data, built->len);
    *len = built->len;
    return 0;
}

static void frame_put_limits(struct str *out, const struct limits *limits)
{
    for (size_t i = 0; i < LIMIT_COUNT; i++)
        frame_put_u64(out, limit_get(limits, &limit_fields[i]));
}

int launch_encode(const struct launch *launch, void *frame, size_t *len, struct error *err)
{
    autostr struct str out = { 0 };
    frame_put_u8(&out, FRAME_LAUNCH);
    frame_put_u8(&out, (uint8_t)launch->what);
    frame_put_text(&out, launch->job);
    frame_put_text(&out, launch->policy);
    frame_put_text(&out, launch->owner);
    frame_put_text(&out, launch->tool);
    frame_put_text(&out, launch->trace);
    frame_put_text(&out, launch->policy_file);
    frame_put_text(&out, launch->workspace);
    frame_put_text(&out, launch->script_path);
    frame_put_u8(&out, (uint8_t)launch->wish);
    frame_put_text(&out, launch->python);
    frame_put_u8(&out, launch->use_uv);
    frame_put_u8(&out, launch->offline);
    frame_put_u8(&out, launch->refresh);
    frame_put_text(&out, launch->header);
    frame_put_list(&out, launch->requirements);
    frame_put_list(&out, launch->imports);
    frame_put_u8(&out, launch->project);
    frame_put_list(&out, launch->argv);
    frame_put_list(&out, launch->env);
    frame_put_list(&out, launch->hosts);
    frame_put_u32(&out, (uint32_t)launch->extra_count);
    for (size_t i = 0; i < launch->extra_count; i++) {
        frame_put_text(&out, launch->extra[i].path);
        frame_put_u8(&out, launch->extra[i].write);
    }
    frame_put_limits(&out, &launch->asked);
    frame_put_limits(&out, &launch->ceiling);
    frame_put_text(&out, launch->terminal);
    frame_put_u32(&out, (uint32_t)launch->screen.rows << 16 | launch->screen.columns);
    frame_put_u8(&out, launch->wall_lower);
    frame_put_u32(&out, launch->sample_ms);
    frame_put_u8(&out, launch->counted);
    frame_put_u8(&out, launch->timed);
    frame_put_u8(&out, launch->by_person);
    frame_put_text(&out, launch->zone);
    uint32_t present = 0;
    for (unsigned i = 0; i < FD_COUNT; i++)
        present |= launch->fds[i] >= 0 ? 1U << i : 0;
    frame_put_u32(&out, present);
    return frame_hand_over(&out, frame, len) < 0 ? too_large(launch, err) : 0;
}

/* A boolean or a small enum: anything above `max` is a broken frame. */
static unsigned frame_choice(struct frame_reader *in, unsigned max)
{
    unsigned value = frame_u8(in);
    if (value > max)
        in->bad = true;
    return in->bad ? 0 : value;
}

static void decode_extra(struct frame_reader *in, struct launch *ret)
{
    uint32_t count = frame_u32(in);
    if (count > EXTRA_MAX) {
        in->bad = true;
        return;
    }
    ret->extra = count ? xcalloc(count, sizeof(*ret->extra)) : NULL;
    for (uint32_t i = 0; i < count && !in->bad; i++) {
        ret->extra[i].path = frame_text(in);
        ret->extra[i].write = frame_choice(in, 1);
        ret->extra_count = i + 1;
        if (!ret->extra[i].path)
            in->bad = true;
    }
}

/* None, or one as traceparent_read() keeps it: a captured front may send what it likes. */
static void decode_trace(struct frame_reader *in, struct launch *ret)
{
    char text[TRACEPARENT_MAX];
    frame_fixed(in, text, sizeof(text));
    if (in->bad || !*text)
        return;
    if (!traceparent_read(text, strlen(text), ret->trace) || strcmp(text, ret->trace) != 0)
        in->bad = true;
}

static void decode_limits(struct frame_reader *in, struct limits *ret)
{
    for (size_t i = 0; i < LIMIT_COUNT; i++)
        *limit_at(ret, &limit_fields[i]) = frame_u64(in);
}

int launch_decode(const void *frame, size_t len, struct launch *ret, unsigned *present,
                  struct error *err)
{
    struct frame_reader in = frame_read(frame, len);
    if (frame_u8(&in) != FRAME_LAUNCH)
        in.bad = true;
    ret->what = frame_choice(&in, LAUNCH_CHART);
    frame_fixed(&in, ret->job, sizeof(ret->job));
    frame_fixed(&in, ret->policy, sizeof(ret->policy));
    frame_fixed(&in, ret->owner, sizeof(ret->owner));
    frame_fixed(&in, ret->tool, sizeof(ret->tool));
    decode_trace(&in, ret);
    ret->policy_file = frame_text(&in);
    ret->workspace = frame_text(&in);
    ret->script_path = frame_text(&in);
    ret->wish = frame_choice(&in, PYTHON_EXACT);
    ret->python = frame_text(&in);
    ret->use_uv = frame_choice(&in, 1);
    ret->offline = frame_choice(&in, 1);
    ret->refresh = frame_choice(&in, 1);
    ret->header = frame_text(&in);
    ret->requirements = frame_list(&in, LIST_MAX);
    ret->imports = frame_list(&in, LIST_MAX);
    ret->project = frame_choice(&in, 1);
    ret->argv = frame_list(&in, LIST_MAX);
    ret->env = frame_list(&in, LIST_MAX);
    ret->hosts = frame_list(&in, LIST_MAX);
    decode_extra(&in, ret);
    decode_limits(&in, &ret->asked);
    decode_limits(&in, &ret->ceiling);
    ret->terminal = frame_text(&in);
    uint32_t screen = frame_u32(&in);
    ret->screen = (struct screen){ .rows = (uint16_t)(screen >> 16), .columns = (uint16_t)screen };
    ret->wall_lower = frame_choice(&in, 1);
    ret->sample_ms = frame_u32(&in);
    ret->counted = frame_choice(&in, 1);
    ret->timed = frame_choice(&in, 1);
    ret->by_person = frame_choice(&in, 1);
    ret->zone = frame_text(&in);
    *present = frame_u32(&in);
    if (*present >> FD_COUNT)
        in.bad = true;
    if (!frame_end(&in))
        return fail_caller(err, EBADMSG, "malformed launch frame");
    return 0;
}

void resolve_done(struct resolve *resolve)
{
    free(resolve->directory);
    free(resolve->path);
    *resolve = (struct resolve){ 0 };
}

void resolved_done(struct resolved *resolved)
{
    free(resolved->directory);
    free(resolved->path);
    *resolved = (struct resolved){ 0 };
}

int resolve_encode(const struct resolve *resolve, void *frame, size_t *len, struct error *err)
{
    autostr struct str out = { 0 };
    frame_put_u8(&out, FRAME_RESOLVE);
    frame_put_u32(&out, resolve->id);
    frame_put_u8(&out, (uint8_t)resolve->what);
    frame_put_text(&out, resolve->owner);
    frame_put_text(&out, resolve->directory);
    frame_put_text(&out, resolve->path);
    if (frame_hand_over(&out, frame, len) < 0)
        return fail_caller(err, ENAMETOOLONG, "path of %zu bytes is too long", out.len);
    return 0;
}

int resolve_decode(const void *frame, size_t len, struct resolve *ret, struct error *err)
{
    struct frame_reader in = frame_read(frame, len);
    if (frame_u8(&in) != FRAME_RESOLVE)
        in.bad = true;
    ret->id = frame_u32(&in);
    ret->what = frame_choice(&in, RESOLVE_KEYS);
    frame_fixed(&in, ret->owner, sizeof(ret->owner));
    ret->directory = frame_text(&in);
    ret->path = frame_text(&in);
    if (ret->what == RESOLVE_POLICY && !ret->path)
        in.bad = true;
    if (!frame_end(&in))
        return fail_caller(err, EBADMSG, "malformed resolve frame");
    return 0;
}

int resolved_encode(const struct resolved *resolved, void *frame, size_t *len, struct error *err)
{
    autostr struct str out = { 0 };
    frame_put_u8(&out, FRAME_RESOLVED);
    frame_put_u32(&out, resolved->id);
    frame_put_u32(&out, (uint32_t)resolved->code);
    frame_put_text(&out, resolved->directory);
    frame_put_text(&out, resolved->path);
    frame_put_u8(&out, (uint8_t)resolved->error.blame);
    frame_put_text(&out, resolved->error.text);
    if (frame_hand_over(&out, frame, len) < 0)
        return fail_caller(err, ENAMETOOLONG, "path of %zu bytes is too long", out.len);
    return 0;
}

int resolved_decode(const void *frame, size_t len, struct resolved *ret, struct error *err)
{
    struct frame_reader in = frame_read(frame, len);
    if (frame_u8(&in) != FRAME_RESOLVED)
        in.bad = true;
    ret->id = frame_u32(&in);
    ret->code = (int)frame_u32(&in);
    ret->directory = frame_text(&in);
    ret->path = frame_text(&in);
    ret->error.blame = frame_choice(&in, BLAME_HOST);
    frame_fixed(&in, ret->error.text, sizeof(ret->error.text));
    ret->error.code = ret->code;
    if (!frame_end(&in))
        return fail_caller(err, EBADMSG, "malformed resolved frame");
    return 0;
}
