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

static void progress_travels_and_is_a_number(void **state)
{
    (void)state;
    struct note note = { .kind = NOTE_PROGRESS, .progress = { 2.5, 1e12, "caf\xc3\xa9" } }, back;
    back = travelled(&note);
    assert_true(back.progress.current == 2.5 && back.progress.total == 1e12);
    assert_string_equal(back.progress.message, "caf\xc3\xa9");
    const struct progress_note bad[] = { { -1, 0, "" },
                                         { __builtin_nan(""), 0, "" },
                                         { 1, __builtin_inf(), "" },
                                         { 1e13, 0, "" },
                                         { 1, 1, "\xff" } };
    for (size_t i = 0; i < COUNT(bad); i++) {
        void *bytes = NULL;
        size_t len = 0;
        struct error err = { 0 };
        note.progress = bad[i];
        assert_int_equal(note_encode(&note, &bytes, &len, &err), 0);
        assert_int_equal(note_decode((char *)bytes + 4, len - 4, &back, &err), -EBADMSG);
        free(bytes);
    }
}

static int decoded(const struct note *note)
{
    void *bytes = NULL;
    size_t len = 0;
    struct error err = { 0 };
    struct note back = { 0 };
    assert_int_equal(note_encode(note, &bytes, &len, &err), 0);
    int r = note_decode((char *)bytes + 4, len - 4, &back, &err);
    free(bytes);
    return r;
}

static void every_figure_travels_and_says_whether_it_is_known(void **state)
{
    (void)state;
    struct note note = { .kind = NOTE_SAMPLE,
                         .sample.usage = { 9, 2, 3, 4, 5, 6, 7, 8, 1, 9, 10, USAGE_KNOWN_ALL, false,
                                           true, USAGE_MIXED } };
    struct note back = travelled(&note);
    assert_int_equal(back.sample.usage.written_bytes, note.sample.usage.written_bytes);
    assert_int_equal(back.sample.usage.own_cpu_ns, note.sample.usage.own_cpu_ns);
    assert_int_equal(back.sample.usage.known, USAGE_KNOWN_ALL);
    assert_int_equal(back.sample.usage.source, USAGE_MIXED);
    assert_true(back.sample.usage.memory_at_least && !back.sample.usage.cpu_at_least);
    note.sample.usage.known = USAGE_KNOWN_ALL + 1;
    assert_int_equal(decoded(&note), -EBADMSG);
    note.sample.usage.known = USAGE_INTERPRETER;
    note.sample.usage.wall_ns =
        note.sample.usage.interpreter_ns - 1; /* a part is more than the whole */
    assert_int_equal(decoded(&note), -EBADMSG);
    note.sample.usage.known = 0;
    assert_int_equal(decoded(&note), 0);
}

static void a_reading_keeps_its_processes_and_no_more_than_there_may_be(void **state)
{
    (void)state;
    struct note note = { .kind = NOTE_SAMPLE,
                         .sample = { .usage = { .wall_ns = 5 },
                                     .each_count = 2,
                                     .each = { { 2, "python3", 7, 4096 },
                                               { 9, "a\n\xff\x1b[2J", 1, 0 } } } };
    struct note back = travelled(&note);
    assert_int_equal(back.sample.each_count, 2);
    assert_memory_equal(&back.sample.each[1], &note.sample.each[1], sizeof(note.sample.each[1]));

    void *bytes = NULL;
    size_t len = 0;
    struct error err = { 0 };
    note.sample.each_count = 0;
    assert_int_equal(note_encode(&note, &bytes, &len, &err), 0);
    uint32_t many = SAMPLE_PROCESSES_MAX + 1; /* the last member of such a note */
    memcpy((char *)bytes + len - sizeof(many), &many, sizeof(many));
    assert_int_equal(note_decode((char *)bytes + 4, len - 4, &back, &err), -EBADMSG);
    free(bytes);
}

static void what_was_measured_travels(void **state)
{
    (void)state;
    struct note note = { .kind = NOTE_MEASURED,
                         .measured = { .interval_ns = 1,
                                       .sampling_cpu_ns = 2,
                                       .counted = 1U << COUNTER_PAGE_FAULTS,
                                       .counters = { [COUNTER_PAGE_FAULTS] = 3 },
                                       .missing = "no counters" } };
    struct note back = travelled(&note);
    assert_memory_equal(&back.measured.counters, &note.measured.counters,
                        sizeof(note.measured.counters));
    assert_int_equal(back.measured.counted, note.measured.counted);
    assert_int_equal(back.measured.sampling_cpu_ns, 2);
    assert_string_equal(back.measured.missing, "no counters");
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

static void a_change_list_travels_in_parts_and_is_whole_again(void **state)
{
    (void)state;
    struct changes all = { .fate = CHANGES_APPLIED, .failed = 3 }, joined = { 0 };
    char path[400];
    memset(path, 'x', sizeof(path));
    for (int i = 0; i < CHANGES_MAX; i++) {
        (void)snprintf(path + 300, sizeof(path) - 300, "%d\n\xff", i);
        changes_add(&all, path, (enum change_kind)(i % 3), (uint64_t)i,
                    i % 7 ? NULL : "not applied");
    }
    assert_true(all.count < CHANGES_MAX && all.bytes <= CHANGES_BYTES_MAX);
    assert_int_equal(all.count + all.more, CHANGES_MAX);
    size_t parts = 0;
    for (size_t at = 0, n; (n = note_changes_part(&all, at)) > 0; at += n, parts++) {
        struct note note = { .kind = NOTE_CHANGES, .changes = all };
        note.changes.list = all.list + at;
        note.changes.count = n;
        struct note back = travelled(&note);
        changes_join(&joined, &back.changes);
        note_done(&back);
    }
    assert_true(parts > 1);
    assert_int_equal(joined.count, all.count);
    assert_int_equal(joined.more, all.more);
    assert_int_equal(joined.failed, 3);
    for (size_t i = 0; i < all.count; i++) {
        assert_string_equal(joined.list[i].path, all.list[i].path);
        assert_int_equal(joined.list[i].kind, i % 3);
        assert_int_equal(joined.list[i].bytes, i);
        assert_true(!joined.list[i].note == (i % 7 != 0));
    }
    changes_done(&joined);
    changes_done(&all);
}

static void changes_read_the_same_in_whatever_order_they_were_found(void **state)
{
    (void)state;
    struct changes changes = { 0 };
    changes_add(&changes, "b", CHANGE_ADDED, 1, NULL);
    changes_add(&changes, "a", CHANGE_REMOVED, 0, NULL);
    changes_add(&changes, "a/", CHANGE_ADDED, 0, NULL);
    changes_sort(&changes);
    assert_string_equal(changes.list[0].path, "a");
    assert_string_equal(changes.list[1].path, "a/");
    assert_string_equal(changes.list[2].path, "b");
    changes_done(&changes);
}

static void stretches_of_time_travel_and_end_after_they_begin(void **state)
{
    (void)state;
    struct note note = { .kind = NOTE_SPANS };
    for (unsigned i = 0; i < SPANS_MAX + 3; i++)
        spans_add(&note.spans, SPAN_PAYLOAD, "a name of twenty-three.", i, i + 1);
    spans_add(&note.spans, SPAN_FRONT, "ends before it begins", 2, 1);
    struct note back = travelled(&note);
    assert_int_equal(back.spans.count, SPANS_MAX);
    assert_memory_equal(back.spans.list, note.spans.list, sizeof(note.spans.list));
    assert_string_equal(back.spans.list[0].name, "a name of twenty-three.");

    const struct span bad[] = { { SPAN_LANES, "x", 1, 2 },
                                { SPAN_INIT, "x", 2, 1 },
                                { SPAN_INIT, "a\nb", 1, 2 },
                                { SPAN_INIT, "\x1b[2J", 1, 2 } };
    for (size_t i = 0; i < COUNT(bad); i++) {
        note.spans = (struct spans){ .count = 1, .list = { bad[i] } };
        assert_int_equal(decoded(&note), -EBADMSG);
    }
}

static void the_time_that_the_box_took_travels(void **state)
{
    (void)state;
    struct note note = { .kind = NOTE_OUTCOME, .outcome = { .box_ns = 1234567 } };
    assert_int_equal(travelled(&note).outcome.box_ns, 1234567);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(stretches_of_time_travel_and_end_after_they_begin),
    cmocka_unit_test(the_time_that_the_box_took_travels),
    cmocka_unit_test(a_change_list_travels_in_parts_and_is_whole_again),
    cmocka_unit_test(changes_read_the_same_in_whatever_order_they_were_found),
    cmocka_unit_test(an_outcome_travels_with_everything_that_was_denied),
    cmocka_unit_test(a_reading_keeps_its_processes_and_no_more_than_there_may_be),
    cmocka_unit_test(what_was_measured_travels),
    cmocka_unit_test(a_list_of_denials_without_bound_is_no_note),
    cmocka_unit_test(progress_travels_and_is_a_number),
    cmocka_unit_test(every_figure_travels_and_says_whether_it_is_known),
};

UNIT_MAIN(tests)
