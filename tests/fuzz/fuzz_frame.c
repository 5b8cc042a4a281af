/* SPDX-License-Identifier: Apache-2.0 */
/* Every frame that crosses between processes. The first byte of most of them
 * says which it is; a note has none of its own here but 'n'. */
#include <assert.h>
#include <string.h>

#include <cordon/hatch.h>
#include <cordon/note.h>

#include "str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was decoded can be encoded, and means the same again. */
static void try_launch(const void *data, size_t size)
{
    struct launch launch, again;
    unsigned present = 0;
    struct error err = { 0 };
    launch_init(&launch);
    launch_init(&again);
    if (launch_decode(data, size, &launch, &present, &err) == 0 && size <= LAUNCH_FRAME_MAX) {
        autofree char *frame = xcalloc(1, LAUNCH_FRAME_MAX);
        size_t len = 0;
        assert(present < 1U << FD_COUNT);
        assert(launch_encode(&launch, frame, &len, &err) == 0 && len <= size);
        assert(launch_decode(frame, len, &again, &present, &err) == 0);
        assert(strcmp(launch.job, again.job) == 0 && present == 0);
        assert(list_len(launch.argv) == list_len(again.argv));
    }
    launch_done(&launch);
    launch_done(&again);
}

static void try_knock(const void *data, size_t size)
{
    struct knock knock, again;
    struct error err = { 0 };
    if (knock_decode(data, size, &knock, &err) == 0 && size <= LAUNCH_FRAME_MAX) {
        autofree char *frame = xcalloc(1, LAUNCH_FRAME_MAX);
        size_t len = 0;
        assert(knock_encode(&knock, frame, &len, &err) == 0 && len == size);
        assert(knock_decode(frame, len, &again, &err) == 0);
        assert(!footing_differs(&knock.from, &again.from));
        knock_done(&again);
    }
    knock_done(&knock);
}

static void try_resolve(const void *data, size_t size)
{
    struct resolve resolve = { 0 };
    struct resolved resolved = { 0 };
    struct error err = { 0 };
    (void)!resolve_decode(data, size, &resolve, &err);
    resolve_done(&resolve);
    (void)!resolved_decode(data, size, &resolved, &err);
    resolved_done(&resolved);
}

static void try_note(const void *data, size_t size)
{
    struct note note = { 0 };
    struct error err = { 0 };
    if (note_decode(data, size, &note, &err) < 0)
        return;
    void *bytes = NULL;
    size_t len = 0;
    if (note_encode(&note, &bytes, &len, &err) == 0)
        assert(len == size + sizeof(uint32_t));
    free(bytes);
    note_done(&note);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0 && data[0] == 'n')
        try_note(data + 1, size - 1);
    try_launch(data, size);
    try_knock(data, size);
    try_resolve(data, size);
    return 0;
}
