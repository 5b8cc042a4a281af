/* SPDX-License-Identifier: Apache-2.0 */
/* tell.c - notes to the owner of a launch. */
#include "tell.h"

#include <errno.h>
#include <poll.h>

#include <cordon/log.h>

#include "str.h"

/* An owner that reads nothing must not keep a box from its limits. */
#define PATIENCE_MS 5000

void tell(const struct launch *launch, const struct note *note)
{
    autofree void *bytes = NULL;
    size_t len = 0, done = 0;
    struct error err;
    int fd = launch->fds[FD_NOTES];
    if (note_encode(note, &bytes, &len, &err) < 0) {
        log_event(LOG_ERROR, "note-not-written", KV("reason", err.text));
        return;
    }
    while (done < len) {
        ssize_t n = write(fd, (const char *)bytes + done, len - done);
        if (n > 0) {
            done += (size_t)n;
            continue;
        }
        struct pollfd room = { .fd = fd, .events = POLLOUT };
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN && poll(&room, 1, PATIENCE_MS) > 0)
            continue;
        return; /* the owner is gone, and with it whoever wanted to know */
    }
}

void tell_outcome(const struct launch *launch, const struct outcome *outcome)
{
    struct note note = { .kind = NOTE_OUTCOME, .outcome = *outcome };
    tell(launch, &note);
}

void tell_changes(const struct launch *launch, const struct changes *changes)
{
    for (size_t at = 0, n; (n = note_changes_part(changes, at)) > 0 || at == 0; at += n) {
        struct note note = { .kind = NOTE_CHANGES, .changes = *changes };
        note.changes.list = changes->list + at;
        note.changes.count = n;
        tell(launch, &note);
        if (n == 0)
            return;
    }
}
