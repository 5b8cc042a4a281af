/* SPDX-License-Identifier: Apache-2.0 */
/* jobs_follow.c - the output of a job as it grows, and the wait for its end. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "clock.h"
#include "cmd/command.h"
#include "cmd/jobs.h"
#include "fd.h"
#include "job/record.h"
#include "str.h"

/* Where the host has no more watches, and for what no watch tells. */
#define LOOK_AGAIN_MS 1000

/* What is read and written on at once. */
#define CHUNK ((size_t)256 * 1024)

/* After so long somebody wonders. */
#define PATIENCE_MS 3000

/* Whatever happens to a job is a write to one of these: its output; the log of the database;
 * its keeper's lock, which is closed by his death. We are in STATE/front (front_become()). */
static int lookout_open(void)
{
    static const struct {
        const char *path;
        uint32_t what;
    } places[] = {
        { "output", IN_MODIFY | IN_CREATE },
        { ".", IN_MODIFY },
        { "keepers", IN_CLOSE_WRITE | IN_DELETE },
    };
    int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    for (size_t i = 0; fd >= 0 && i < COUNT(places); i++)
        (void)inotify_add_watch(fd, places[i].path, places[i].what | IN_ONLYDIR);
    return fd;
}

/* Until something happened, whatever it was. */
static void lookout_wait(int fd)
{
    char room[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
    struct pollfd ready = { .fd = fd, .events = POLLIN };
    (void)poll(&ready, 1, LOOK_AGAIN_MS);
    while (fd >= 0 && read(fd, room, sizeof(room)) > 0)
        ;
}

/* --- output --------------------------------------------------------------------------------- */

struct tail {
    int stream, to;
    uint64_t at;
};

static int tail_copy(struct jobs_visit *visit, const char *id, struct tail *tail, struct error *err)
{
    for (;;) {
        autostr struct str text = { 0 };
        int r = output_read(visit->outputs, id, tail->stream, tail->at, CHUNK, &text, err);
        if (r < 0 || text.len == 0)
            return r;
        r = fd_write_all(tail->to, text.data, text.len, err);
        if (r < 0)
            return r;
        tail->at += text.len;
    }
}

static int tails_of(const char *stream, struct tail tails[2], struct error *err)
{
    char shown[64];
    tails[0] = (struct tail){ 1, STDOUT_FILENO, 0 };
    tails[1] = (struct tail){ 2, STDERR_FILENO, 0 };
    if (!stream)
        return 2;
    if (strcmp(stream, "stderr") == 0)
        tails[0].stream = 2;
    else if (strcmp(stream, "stdout") != 0)
        return fail_caller(err, EINVAL, "--stream: \"%s\" is neither stdout nor stderr",
                           printable(stream, shown, sizeof(shown)));
    return 1;
}

/* After the whole of what there is, so that nobody takes it for all there was. */
static void tell_missing(const struct record *record, const struct tail *tail)
{
    const char *reason;
    uint64_t bytes = record_missing(record, tail->stream, tail->at, &reason);
    if (bytes > 0)
        complain("%" PRIu64 " bytes of its %s after this are not kept: %s", bytes,
                 tail->stream == 1 ? "standard output" : "standard error", reason);
}

int visit_output(struct jobs_visit *visit, struct error *err)
{
    struct tail tails[2];
    int count = tails_of(visit->options->stream, tails, err);
    if (count < 0)
        return count;
    autoclose int lookout = visit->options->follow ? lookout_open() : -1;
    char id[JOB_ID_MAX];
    (void)snprintf(id, sizeof(id), "%s", visit->words[0]);
    for (;;) {
        struct record record;
        /* The record first: what is read after its end is all there is. */
        int r = visit_record(visit, id, &record, err);
        if (r < 0)
            return r;
        bool over = job_status_ended(record.status) || !visit->options->follow;
        memcpy(id, record.id, sizeof(id));
        for (int i = 0; r == 0 && i < count; i++)
            r = tail_copy(visit, id, &tails[i], err);
        for (int i = 0; r == 0 && i < count; i++)
            tell_missing(&record, &tails[i]);
        record_done(&record);
        if (r < 0 || over)
            return r;
        lookout_wait(lookout);
    }
}

/* --- the end -------------------------------------------------------------------------------- */

/* 1 once it has ended, and how. */
static int has_ended(struct jobs_visit *visit, const char *id, enum job_status *ret,
                     struct error *err)
{
    struct record record;
    int r = visit_record(visit, id, &record, err);
    if (r < 0)
        return r;
    *ret = record.status;
    record_done(&record);
    return job_status_ended(*ret);
}

static int await_end(struct jobs_visit *visit, const char *id, int lookout, enum job_status *ret,
                     struct error *err)
{
    uint64_t since = now_ns();
    bool told = false;
    int r;
    while ((r = has_ended(visit, id, ret, err)) == 0) {
        lookout_wait(lookout);
        if (!told && now_ns() - since > PATIENCE_MS * NS_PER_MS) {
            complain("waiting for the process that runs job %s", id);
            told = true;
        }
    }
    return r;
}

int visit_cancel(struct jobs_visit *visit, struct error *err)
{
    struct record record;
    enum job_status status = JOB_PENDING;
    autoclose int lookout = lookout_open();
    int r = visit_record(visit, visit->words[0], &record, err);
    if (r < 0)
        return r;
    char id[JOB_ID_MAX];
    memcpy(id, record.id, sizeof(id));
    bool over = job_status_ended(record.status);
    record_done(&record);
    if (!over)
        r = store_wish_end(visit->store, id, err);
    if (r == 0)
        r = await_end(visit, id, lookout, &status, err);
    if (r < 0)
        return r;
    (void)printf(visit->options->json ? "{\"job_id\": \"%s\", \"status\": \"%s\"}\n" : "%s %s\n",
                 id, job_status_name(status));
    return 0;
}
