/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/recording.h"

#include <event2/event.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "cmd/command.h"
#include "cmd/front.h"
#include "cmd/jobs.h"
#include "run/capture.h"
#include "run/result.h"
#include "str.h"

/* Where a host has no watches left, wishes are looked for. */
#define LOOK_S 1

struct recording {
    struct recording_of of;
    int front;
    struct store *store;
    struct outputs *outputs;
    struct output_writer *writer;
    struct event *events;
    struct record record;
    struct bounds bounds;
    bool told;
};

/* --- in and out of the store's owner -------------------------------------------------------- */

static bool enter(const struct recording *recording)
{
    struct error err = { 0 };
    if (recording->front < 0 || front_enter(recording->front, &err) == 0)
        return true;
    (void)complain_error(&err);
    return false;
}

static void tell(struct recording *recording, const struct error *err)
{
    if (!recording->told)
        complain("job %s is not recorded whole: %s", recording->record.id, err->text);
    recording->told = true;
}

/* --- what others ask ------------------------------------------------------------------------ */

static void take_wish(void *context, const char *id)
{
    struct recording *recording = context;
    if (strcmp(id, recording->record.id) == 0)
        recording->of.wished(recording->of.context);
}

static void take_events(evutil_socket_t fd, short what, void *context)
{
    struct recording *recording = context;
    const struct store_events events = { .wished = take_wish, .context = recording };
    (void)fd;
    (void)what;
    if (enter(recording))
        store_events_read(recording->store, &events);
    front_leave();
}

static void watch(struct recording *recording)
{
    static const struct timeval look = { .tv_sec = LOOK_S };
    int fd = store_events_fd(recording->store);
    recording->events =
        event_new(recording->of.base, fd, fd < 0 ? EV_PERSIST : EV_READ | EV_PERSIST, take_events,
                  recording);
    (void)event_add(recording->events, fd < 0 ? &look : NULL);
}

/* --- its life ------------------------------------------------------------------------------- */

static int open_store(const struct options *options, struct recording *recording, struct error *err)
{
    autofree char *path = NULL;
    struct config config;
    int r = config_load(options->config, &config, err);
    if (r < 0)
        return r;
    recording->bounds = (struct bounds){ .count = config.jobs_keep,
                                         .age_ms = config.jobs_max_age_ms,
                                         .bytes = config.jobs_max_bytes };
    config_done(&config);
    r = recording->front = front_find(options, &path, err);
    if (r >= 0)
        r = front_enter(recording->front, err);
    if (r == 0)
        r = store_open(recording->front, STORE_KEEPER, &recording->store, err);
    if (r == 0)
        r = outputs_open(recording->front, &recording->outputs, err);
    if (r == 0)
        r = store_add(recording->store, &recording->record, err);
    return r < 0 ? fail_within(err, "%s", path ? path : "--job") : 0;
}

static void recording_free(struct recording *recording)
{
    if (recording->events)
        event_free(recording->events);
    output_end(recording->writer);
    (void)enter(recording);
    store_close(recording->store);
    front_leave();
    outputs_close(recording->outputs);
    own_close(&recording->front);
    record_done(&recording->record);
    free(recording);
}

#define LABEL_CODE 48

char *recording_label_of_code(const char *code)
{
    char shown[LABEL_CODE + 8];
    const char *first = code + strspn(code, " \t\r\n");
    size_t len = strcspn(first, "\r\n"), kept = len;
    if (kept > LABEL_CODE)
        kept = utf8_whole(first, LABEL_CODE, false);
    autofree char *line = xstrndup(first, kept);
    bool more = first[len] != '\0' && first[len + strspn(first + len, " \t\r\n")] != '\0';
    return xasprintf("-c %s%s", printable(line, shown, sizeof(shown)),
                     kept < len || more ? " ..." : "");
}

int recording_begin(const struct options *options, const struct recording_of *of,
                    struct recording **ret, struct error *err)
{
    struct recording *recording = xcalloc(1, sizeof(*recording));
    *recording = (struct recording){
        .of = *of,
        .front = -1,
        .record = { .tool = xstrdup(of->tool),
                    .label = of->label ? text_label(of->label) : NULL,
                    .created_ms = now_epoch_ms() },
    };
    struct record *record = &recording->record;
    (void)snprintf(record->id, sizeof(record->id), "%s", of->job);
    (void)snprintf(record->owner, sizeof(record->owner), "%s", JOBS_OWNER);
    (void)snprintf(record->policy, sizeof(record->policy), "%s", of->policy);
    int r = open_store(options, recording, err);
    front_leave();
    if (r < 0) {
        recording_free(recording);
        return r;
    }
    recording->writer = output_begin(recording->outputs, record->id);
    watch(recording);
    *ret = recording;
    return 0;
}

#define PROGRESS_TEXT 512

/* A copy in `out` of the characters that fit; NULL of none. */
static char *text_of(const char *text, char out[PROGRESS_TEXT])
{
    (void)snprintf(out, PROGRESS_TEXT, "%s", text);
    out[utf8_whole(out, strlen(out), false)] = '\0';
    return *out && utf8_valid(out, strlen(out)) ? out : NULL;
}

void recording_note(struct recording *recording, const struct note *note)
{
    struct error err = { 0 };
    char text[PROGRESS_TEXT];
    if (!recording || !enter(recording))
        return;
    struct record *record = &recording->record;
    int r = 0;
    switch (note->kind) {
    case NOTE_PHASE:
        r = store_progress(recording->store, record->id,
                           &(struct progress){ .message = text_of(note->phase, text) }, &err);
        break;
    case NOTE_STARTED: /* and what was told of the way there is over */
        record->started_ms = now_epoch_ms();
        r = store_started(recording->store, record->id, record->started_ms, &err);
        if (r == 0)
            r = store_progress(recording->store, record->id, &(struct progress){ 0 }, &err);
        break;
    case NOTE_PROGRESS:
        r = store_progress(recording->store, record->id,
                           &(struct progress){ note->progress.current, note->progress.total,
                                               text_of(note->progress.message, text) },
                           &err);
        break;
    case NOTE_SAMPLE:
    case NOTE_CHANGES:
    case NOTE_OUTCOME:
    case NOTE_MEASURED:
    case NOTE_SPANS:
        break;
    }
    if (r < 0)
        tell(recording, &err);
    front_leave();
}

void recording_output(struct recording *recording, int stream, const void *bytes, size_t len)
{
    struct error err = { 0 };
    if (!recording || !enter(recording))
        return;
    if (output_append(recording->writer, stream, bytes, len, &err) < 0)
        tell(recording, &err);
    front_leave();
}

void recording_end(struct recording *recording, const char *status, const char *sentence,
                   struct json_object *result)
{
    struct error err = { 0 };
    size_t len;
    if (!recording)
        return;
    struct record *record = &recording->record;
    int found = job_status_find(status);
    record->status = found >= 0 ? (enum job_status)found : JOB_FAILED;
    record->completed_ms = now_epoch_ms();
    record->error = sentence ? xstrdup(sentence) : NULL;
    record->result = xstrdup(result_text(result, &len));
    if (enter(recording)) {
        for (int i = 0; i < 2; i++)
            record->bytes[i] = output_size(recording->outputs, record->id, i + 1);
        if (store_end(recording->store, record, &err) < 0 ||
            store_bound(recording->store, &recording->bounds, &err) < 0)
            tell(recording, &err);
        front_leave();
    }
    recording_free(recording);
}
