/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <cordon/note.h>

#include "unit.h"

/* There and back; the caller ends it. */
static struct note travelled(const struct note *note)
{
    void *bytes = NULL;
    size_t len = 0;
    struct error err = { 0 };
    struct note back = { 0 };
    assert_int_equal(note_encode(note, &bytes, &len, &err), 0);
    assert_int_equal(note_decode((char *)bytes + 4, len - 4, &back, &err), 0);
    free(bytes);
    return back;
}

static void an_outcome_travels_with_everything_that_was_denied(void **state)
{
    (void)state;
    struct note note = { .kind = NOTE_OUTCOME, .outcome = { .end = END_SIGNALLED, .code = 9 } };
    for (int i = 0; i < DENIED_MAX + 5; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "host%d.example", i);
        outcome_deny(&note.outcome, DENIED_HOST, name, (uint64_t)i + 1);
    }
    struct note back = travelled(&note);
    assert_int_equal(back.outcome.denied_count, DENIED_MAX);
    assert_memory_equal(back.outcome.denied, note.outcome.denied, sizeof(note.outcome.denied));
    assert_int_equal(back.outcome.denied_unlisted, note.outcome.denied_unlisted);
    assert_int_equal(back.outcome.code, 9);
}

static void a_list_of_denials_without_bound_is_no_note(void **state)
{
    (void)state;
    struct note note = { .kind = NOTE_OUTCOME }, back;
    void *bytes = NULL;
    size_t len = 0;
    struct error err = { 0 };
    assert_int_equal(note_encode(&note, &bytes, &len, &err), 0);
    uint32_t many = DENIED_MAX + 1; /* the last members: a count, no rows, what is unlisted */
    memcpy((char *)bytes + len - 12, &many, sizeof(many));
    assert_int_equal(note_decode((char *)bytes + 4, len - 4, &back, &err), -EBADMSG);
    free(bytes);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(an_outcome_travels_with_everything_that_was_denied),
    cmocka_unit_test(a_list_of_denials_without_bound_is_no_note),
};

UNIT_MAIN(tests)
